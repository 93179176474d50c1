"""Edit the survivorship rules: drafts, activation, roll back, and the moment against which ages are measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.audit.history import create_with_history
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.mastering.engine.ownership import STEWARD
from apps.mastering.engine.strategies import DEFAULT_ORDER, strategies
from apps.mastering.models import SurvivorshipPolicy, SurvivorshipRule
from apps.mastering.services.drafting import UnknownOwner, known_owners
from apps.mastering.services.versions import activate, locked_draft, new_version
from apps.sources.services import mark_entity_pending

MOST_POINTS = 100


@dataclass(frozen=True, slots=True)
class SurvivorshipCell:
    """How a group survives. `trust`: system or role to (points 0 to 100, half life in days or None)."""

    strategies: tuple[str, ...] = DEFAULT_ORDER
    whole: bool = False
    trust: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)


def ensure_default_survivorship(*, now: datetime) -> None:
    """Activate what the specs declare, unless survivorship rules are active already."""
    if SurvivorshipPolicy.objects.filter(status="active").exists():
        return
    policy = new_version(SurvivorshipPolicy, note="Defaults of the entities' specs", now=now)
    rules = [
        SurvivorshipRule(
            policy=policy,
            entity=spec.name,
            group=group,
            strategies=list(DEFAULT_ORDER),
            whole=group in spec.whole,
        )
        for spec in entities.values()
        for group in spec.groups()
    ]
    create_with_history(rules, now=now)
    activate_survivorship(policy_id=policy.pk, now=now)


@transaction.atomic
def draft_survivorship(*, note: str, now: datetime, base_id: int | None = None) -> SurvivorshipPolicy:
    """Create a draft with the rules of a version (by default the active one)."""
    base = (
        SurvivorshipPolicy.objects.get(pk=base_id)
        if base_id
        else SurvivorshipPolicy.objects.filter(status="active").first()
    )
    draft = new_version(SurvivorshipPolicy, note=note, now=now)
    if base:
        rules = [
            SurvivorshipRule(
                policy=draft,
                entity=rule.entity,
                group=rule.group,
                strategies=rule.strategies,
                whole=rule.whole,
                trust=rule.trust,
            )
            for rule in base.rules.all()
        ]
        create_with_history(rules, now=now)
    return draft


@transaction.atomic
def write_survivorship_draft(
    *, policy_id: int, entity_name: str, cells: Mapping[str, SurvivorshipCell]
) -> int:
    """Make `cells`, by group, what a draft says of these groups of one entity; return how many changed.

    Raises NotADraft, UnknownOwner, Invalid.
    """
    policy = locked_draft(SurvivorshipPolicy, policy_id)
    _check(entity_name, cells)
    rows = {rule.group: rule for rule in SurvivorshipRule.objects.filter(policy=policy, entity=entity_name)}
    changed = 0
    for group, cell in cells.items():
        rule = rows.get(group) or SurvivorshipRule(policy=policy, entity=entity_name, group=group)
        trust = {name: list(each) for name, each in cell.trust.items()}
        if (tuple(rule.strategies or ()), rule.whole, rule.trust) == (cell.strategies, cell.whole, trust):
            continue
        rule.strategies, rule.whole, rule.trust = list(cell.strategies), cell.whole, trust
        rule.save()
        changed += 1
    return changed


def _check(entity_name: str, cells: Mapping[str, SurvivorshipCell]) -> None:
    groups, known = set(entity(entity_name).groups()), set(known_owners()) - {STEWARD}
    for group, cell in cells.items():
        if group not in groups:
            raise Invalid(f"{entity_name} has no group {group!r}.")
        for name in cell.strategies:
            strategies.get(name)
        if not cell.strategies or len(set(cell.strategies)) != len(cell.strategies):
            raise Invalid(f"{group}: name at least one strategy, each once.")
        if cell.strategies[-1] != "stable":
            raise Invalid(
                f"{group}: the last strategy must be 'stable', so that equals are told apart the same way."
            )
        if unknown := sorted(set(cell.trust) - known):
            raise UnknownOwner(f"{group}: {', '.join(unknown)} is neither a system nor a role.")
        for name, (points, half_life) in cell.trust.items():
            if not 0 <= points <= MOST_POINTS or (half_life is not None and half_life <= 0):
                raise Invalid(f"{group}, {name}: trust is 0 to {MOST_POINTS}, a half life more than 0 days.")


@transaction.atomic
def activate_survivorship(*, policy_id: int, now: datetime) -> SurvivorshipPolicy:
    """Make a draft the active version, or an earlier one active again. Raises OwnDraft, Conflict."""

    def prepare(policy: SurvivorshipPolicy) -> None:
        policy.decided_at = now

    return activate(SurvivorshipPolicy, policy_id, verb="activate survivorship", now=now, prepare=prepare)


@transaction.atomic
def turn_trust(*, now: datetime) -> dict[str, int]:
    """Measure ages against this moment from now on; have the records of entities whose trust decays computed again.

    Returns, by entity, how many source records wait for that.
    """
    policy = SurvivorshipPolicy.objects.select_for_update().filter(status="active").first()
    if policy is None or (policy.decided_at and policy.decided_at >= now):
        return {}
    policy.decided_at = now
    policy.save(update_fields=["decided_at"])
    decaying = {
        rule.entity for rule in policy.rules.all() if any(half_life for _, half_life in rule.trust.values())
    }
    return {name: mark_entity_pending(entity=name, now=now) for name in sorted(decaying)}
