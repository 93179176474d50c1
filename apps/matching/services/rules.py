"""Versions of match rules: defaults, drafts, training, activation by a second person, roll back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, Denied, Invalid, NotFound
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching import holding, storage
from apps.matching.engine import (
    Config,
    Table,
    blocking_keys,
    candidate_pairs,
    default_config,
    default_model,
    prepare,
    train,
)
from apps.matching.features import types_of
from apps.matching.models import MatchRule


class OwnDraft(Denied):
    code = "own_draft"
    title = "Nobody activates a match rule that he wrote"


class NotADraft(Conflict):
    code = "not_a_draft"
    title = "Only a draft can be changed; make a new draft of this version"


def ensure_default_match_rules(*, now: datetime) -> None:
    """Activate the engine's generic configuration for every entity with match features that has no rule."""
    for spec in entities.values():
        if spec.match.features and not MatchRule.objects.filter(entity=spec.name, status="active").exists():
            config = default_config(types_of(spec), spec.match.kind)
            model = default_model(config).to_json()
            rule = new_version(spec, config.to_json(), model, note="Generic configuration", now=now)
            activate_match_rule(rule_id=rule.pk, now=now)


def new_version(
    spec: EntitySpec,
    config: Mapping[str, Any],
    model: Mapping[str, Any],
    *,
    note: str,
    now: datetime,
    base: MatchRule | None = None,
) -> MatchRule:
    """Create a draft; what people changed by hand in `base` goes on being told."""
    newest = MatchRule.objects.filter(entity=spec.name).aggregate(newest=Max("version"))["newest"] or 0
    return MatchRule.objects.create(
        entity=spec.name,
        version=newest + 1,
        config=config,
        model=model,
        note=note,
        based_on=base.version if base else None,
        edits=base.edits if base and base.status == "draft" else [],
        editors=[current().actor.name],
        created_by=current().actor.name,
        created_at=now,
    )


@transaction.atomic
def draft_match_rule(
    *,
    entity_name: str,
    note: str,
    now: datetime,
    match: float | None = None,
    review: float | None = None,
    base_id: int | None = None,
) -> MatchRule:
    """Draft a version like another (by default the active one), with other thresholds where they are given.

    Raises Invalid when the thresholds (probabilities) are out of order.
    """
    rules = MatchRule.objects.filter(entity=entity_name)
    base = rules.get(pk=base_id) if base_id else rules.get(status="active")
    config = with_thresholds(base.config, match=match, review=review)
    return new_version(entity(entity_name), config, base.model, note=note, now=now, base=base)


def with_thresholds(
    config: Mapping[str, Any], *, match: float | None, review: float | None
) -> dict[str, Any]:
    """Return the configuration with these thresholds. Raises Invalid."""
    new = {
        **config,
        "match_threshold": config["match_threshold"] if match is None else match,
        "review_threshold": config["review_threshold"] if review is None else review,
    }
    if not 0 < new["review_threshold"] < new["match_threshold"] < 1:
        raise Invalid("Thresholds are probabilities with 0 < review < match < 1.")
    Config.from_json(new)
    return new


def locked_draft(rule_id: int) -> MatchRule:
    """Return a draft, locked. Raises NotFound, NotADraft."""
    rule = MatchRule.objects.select_for_update().filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("There is no such version; reload the page.")
    if rule.status != "draft":
        raise NotADraft(f"v{rule.version} is {rule.status}.")
    return rule


@transaction.atomic
def discard_match_rule(*, rule_id: int, now: datetime) -> None:
    """Throw a draft away; its history stays. Raises NotADraft."""
    rule = locked_draft(rule_id)
    record_deed(verb="discard match rule", entity=rule.entity, subject=f"v{rule.version}", now=now)
    rule.delete()


@transaction.atomic
def train_match_rule(*, entity_name: str, table: Table, note: str, now: datetime) -> MatchRule:
    """Draft a version whose weights are learned from the records of `table`, without labels."""
    spec = entity(entity_name)
    active = MatchRule.objects.get(entity=entity_name, status="active")
    config = Config.from_json(active.config)
    prepared = prepare(table, config)
    pairs = candidate_pairs(blocking_keys(prepared, config), cap=config.frequency_cap)
    model = train(prepared, pairs, config)
    return new_version(spec, active.config, model.to_json(), note=note, now=now, base=active)


@transaction.atomic
def activate_match_rule(*, rule_id: int, now: datetime) -> MatchRule:
    """Make a draft the active version of its entity, or an earlier version active again (roll back).

    A draft needs a second person where the hub asks for four eyes: neither who made it nor who changed it. An earlier
    version was seen by two already. Waits for the batch that is being matched, so that none is matched by the version
    of before once this one is active. Raises OwnDraft, Conflict.
    """
    with raw_cursor() as cursor:
        entity_name = MatchRule.objects.values_list("entity", flat=True).get(pk=rule_id)
        storage.lock_entity(cursor, entity_name)
        holding.keep_holds(cursor, entity_name)
    rule = MatchRule.objects.select_for_update().get(pk=rule_id)
    if rule.is_active:
        raise Conflict(f"{rule.entity} match rule v{rule.version} is active already.")
    actor = current().actor
    own = actor.user_id is not None and actor.name in (rule.created_by, *rule.editors)
    if settings.RULES_NEED_TWO and rule.status == "draft" and own:
        raise OwnDraft(
            f"{actor.name} wrote v{rule.version}; somebody else has to look at it and activate it."
        )
    for old in MatchRule.objects.select_for_update().filter(entity=rule.entity, status="active"):
        old.status = "retired"
        old.save(update_fields=["status"])
    rule.status, rule.activated_by, rule.activated_at = "active", actor.name, now
    rule.save(update_fields=["status", "activated_by", "activated_at"])
    record_deed(verb="activate match rule", entity=rule.entity, subject=f"v{rule.version}", now=now)
    return rule


def former_match_rule(*, entity_name: str) -> MatchRule | None:
    """Return the version that was active before the present one: what a roll back goes to."""
    retired = MatchRule.objects.filter(entity=entity_name, status="retired", activated_at__isnull=False)
    return retired.order_by("-activated_at", "-version").first()
