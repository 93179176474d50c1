"""Change a draft match rule by hand: thresholds, prior, cap, weights by level, term frequency; each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.audit.context import current
from apps.core.errors import Invalid
from apps.matching.engine import Model
from apps.matching.models import MatchRule
from apps.matching.services.rules import locked_draft, with_thresholds

LEAST, MOST = -8.0, 18.0
"""Bits one level of one attribute may count, as in the engine."""
LEVELS = 9


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """What shall be otherwise; None and absent: as it is. `weights` are bits of levels 1 (different) to 9 (equal)."""

    match: float | None = None
    review: float | None = None
    prior: float | None = None
    cap: int | None = None
    weights: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    by_rarity: Mapping[str, bool] = field(default_factory=dict)


@transaction.atomic
def edit_match_rule(*, rule_id: int, edit: RuleEdit, reason: str, now: datetime) -> int:
    """Change a draft and note what was changed and why; return how many things are other than before.

    Raises NotADraft, Invalid: thresholds out of order, weights that fall while likeness rises, no reason for weights.
    """
    rule = locked_draft(rule_id)
    config = with_thresholds(rule.config, match=edit.match, review=edit.review)
    if edit.cap is not None:
        if not 2 <= edit.cap <= 500:
            raise Invalid("A key may be shared by 2 to 500 records.")
        config["frequency_cap"] = edit.cap
    model = _with_weights(rule.model, edit)
    found = [*_differences(rule.config, config), *_model_differences(rule.model, model)]
    if any(each["what"].startswith(("weights", "term frequency")) for each in found) and not reason:
        raise Invalid("Say why: weights set by hand outlive whoever set them.")
    actor = current().actor.name
    rule.config, rule.model = config, model
    rule.edits = [
        *rule.edits,
        *({**each, "reason": reason, "by": actor, "at": now.isoformat()} for each in found),
    ]
    rule.editors = sorted({*rule.editors, actor})
    rule.save(update_fields=["config", "model", "edits", "editors"])
    return len(found)


def _with_weights(stored: Mapping[str, Any], edit: RuleEdit) -> dict[str, Any]:
    model = {**stored, "attributes": dict(stored["attributes"])}
    if edit.prior is not None:
        if not -40 <= edit.prior <= 10:
            raise Invalid("The prior of a pair is between -40 and 10 bits.")
        model["log_odds"] = round(edit.prior, 3)
    present = Model.from_json(stored)
    for name, weights in edit.weights.items():
        _check(name, weights, model)
        now = [round(float(bits), 1) for bits in present.attributes[name].weights[1:]]
        if [round(bits, 1) for bits in weights] != now:
            model["attributes"][name] = {
                **model["attributes"][name],
                "fixed": [round(bits, 2) for bits in weights],
            }
    for name, counts in edit.by_rarity.items():
        if name in model["attributes"]:
            attribute = {key: value for key, value in model["attributes"][name].items() if key != "by_rarity"}
            model["attributes"][name] = attribute if counts else {**attribute, "by_rarity": False}
    return model


def _check(name: str, weights: tuple[float, ...], model: Mapping[str, Any]) -> None:
    if name not in model["attributes"]:
        raise Invalid(f"The rule compares no attribute {name!r}.")
    if len(weights) != LEVELS or not all(LEAST <= bits <= MOST for bits in weights):
        raise Invalid(f"{name}: give {LEVELS} weights between {LEAST:g} and {MOST:g} bits.")
    if list(weights) != sorted(weights):
        raise Invalid(f"{name}: what is more alike must not count less.")


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = {"match_threshold": "match from", "review_threshold": "review from", "frequency_cap": "key cap"}
    return [
        {"what": label, "before": before[name], "after": after[name]}
        for name, label in names.items()
        if before[name] != after[name]
    ]


def _model_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    if before["log_odds"] != after["log_odds"]:
        found.append({"what": "prior", "before": before["log_odds"], "after": after["log_odds"]})
    old = Model.from_json(before)
    for name, attribute in after["attributes"].items():
        stored = before["attributes"][name]
        if stored.get("fixed") != attribute.get("fixed"):
            weights = [round(float(bits), 1) for bits in old.attributes[name].weights[1:]]
            found.append({"what": f"weights of {name}", "before": weights, "after": attribute["fixed"]})
        if stored.get("by_rarity", True) != attribute.get("by_rarity", True):
            told = attribute.get("by_rarity", True)
            found.append({"what": f"term frequency of {name}", "before": not told, "after": told})
    return found


@transaction.atomic
def reset_weights(*, rule_id: int, attribute: str, now: datetime) -> MatchRule:
    """Let an attribute of a draft count as it was learned again. Raises NotADraft."""
    rule = locked_draft(rule_id)
    stored = dict(rule.model["attributes"].get(attribute, {}))
    if stored.pop("fixed", None) is not None:
        rule.model = {**rule.model, "attributes": {**rule.model["attributes"], attribute: stored}}
        what = {"what": f"weights of {attribute}", "before": "by hand", "after": "as learned", "reason": ""}
        rule.edits = [*rule.edits, {**what, "by": current().actor.name, "at": now.isoformat()}]
        rule.editors = sorted({*rule.editors, current().actor.name})
        rule.save(update_fields=["model", "edits", "editors"])
    return rule
