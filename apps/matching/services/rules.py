"""Edit match rules: defaults, drafts, training, activation and roll back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
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


def ensure_default_match_rules(*, now: datetime) -> None:
    """Activate the engine's generic configuration for every entity with match features that has no rule."""
    for spec in entities.values():
        if spec.match.features and not MatchRule.objects.filter(entity=spec.name, status="active").exists():
            config = default_config(types_of(spec), spec.match.kind)
            model = default_model(config).to_json()
            rule = _new_version(spec, config.to_json(), model, note="Generic configuration", now=now)
            activate_match_rule(rule_id=rule.pk, now=now)


def _new_version(
    spec: EntitySpec, config: Mapping[str, Any], model: Mapping[str, Any], *, note: str, now: datetime
) -> MatchRule:
    newest = MatchRule.objects.filter(entity=spec.name).aggregate(newest=Max("version"))["newest"] or 0
    return MatchRule.objects.create(
        entity=spec.name,
        version=newest + 1,
        config=config,
        model=model,
        note=note,
        created_by=current().actor.name,
        created_at=now,
    )


@transaction.atomic
def draft_match_rule(*, entity_name: str, match: float, review: float, note: str, now: datetime) -> MatchRule:
    """Draft a version with other thresholds (probabilities). Raises Invalid when they are out of order."""
    if not 0 < review < match < 1:
        raise Invalid("Thresholds are probabilities with 0 < review < match < 1.")
    active = MatchRule.objects.get(entity=entity_name, status="active")
    config = {**active.config, "match_threshold": match, "review_threshold": review}
    Config.from_json(config)
    return _new_version(entity(entity_name), config, active.model, note=note, now=now)


@transaction.atomic
def train_match_rule(*, entity_name: str, table: Table, note: str, now: datetime) -> MatchRule:
    """Draft a version whose weights are learned from the records of `table`, without labels."""
    spec = entity(entity_name)
    active = MatchRule.objects.get(entity=entity_name, status="active")
    config = Config.from_json(active.config)
    prepared = prepare(table, config)
    pairs = candidate_pairs(blocking_keys(prepared, config), cap=config.frequency_cap)
    model = train(prepared, pairs, config)
    return _new_version(spec, active.config, model.to_json(), note=note, now=now)


@transaction.atomic
def activate_match_rule(*, rule_id: int, now: datetime) -> MatchRule:
    """Make a draft the active version of its entity, or an earlier version active again (roll back)."""
    rule = MatchRule.objects.select_for_update().get(pk=rule_id)
    if rule.is_active:
        raise Conflict(f"{rule.entity} match rule v{rule.version} is active already.")
    for old in MatchRule.objects.select_for_update().filter(entity=rule.entity, status="active"):
        old.status = "retired"
        old.save(update_fields=["status"])
    rule.status, rule.activated_by, rule.activated_at = "active", current().actor.name, now
    rule.save(update_fields=["status", "activated_by", "activated_at"])
    record_deed(verb="activate match rule", entity=rule.entity, subject=f"v{rule.version}", now=now)
    return rule
