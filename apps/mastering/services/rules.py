"""Edit the ownership matrix: drafts, activation, roll back, and its periods as the days go by."""

from datetime import date, datetime

from django.db import transaction

from apps.audit.history import create_with_history
from apps.golden.registry import entities
from apps.mastering.engine.ownership import ANY
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.services.versions import activate, new_version
from apps.sources.services import mark_entity_pending

ACTIVE_STATES = "active"
_COPIED = (
    "entity",
    "group",
    "state",
    "legal_entity",
    "valid_from",
    "valid_to",
    "owners",
    "others",
    "verdicts",
)


def ensure_default_ownership(*, now: datetime) -> None:
    """Activate the owners that the specs declare, unless a matrix is active already."""
    if OwnershipMatrix.objects.filter(status="active").exists():
        return
    matrix = new_version(OwnershipMatrix, note="Defaults of the entities' specs", now=now)
    rules = []
    for spec in entities.values():
        for key, owners in spec.owners.items():
            group, _, when = key.partition("@")
            states = sorted(spec.lifecycle.active) if when == ACTIVE_STATES else [when or ANY]
            rules += [
                OwnershipRule(matrix=matrix, entity=spec.name, group=group, state=state, owners=list(owners))
                for state in states
            ]
    create_with_history(rules, now=now)
    activate_ownership(matrix_id=matrix.pk, now=now)


@transaction.atomic
def draft_ownership(*, note: str, now: datetime, base_id: int | None = None) -> OwnershipMatrix:
    """Create a draft with the cells of a version (by default the active one), to be edited and activated."""
    base = (
        OwnershipMatrix.objects.get(pk=base_id)
        if base_id
        else OwnershipMatrix.objects.filter(status="active").first()
    )
    draft = new_version(OwnershipMatrix, note=note, now=now)
    if base:
        rules = [
            OwnershipRule(matrix=draft, **{name: getattr(rule, name) for name in _COPIED})
            for rule in base.rules.all()
        ]
        create_with_history(rules, now=now)
    return draft


@transaction.atomic
def activate_ownership(*, matrix_id: int, now: datetime) -> OwnershipMatrix:
    """Make a draft the active version, or an earlier version active again (roll back). Raises OwnDraft, Conflict."""

    def prepare(matrix: OwnershipMatrix) -> None:
        matrix.decided_on = now.date()

    return activate(OwnershipMatrix, matrix_id, verb="activate ownership", now=now, prepare=prepare)


@transaction.atomic
def turn_periods(*, now: datetime) -> dict[str, int]:
    """Judge by today's periods from now on; where one begins or ends, have the entity's records computed again.

    Returns, by entity, how many source records wait for that. Run it daily: until then the day before counts, for
    all records alike.
    """
    matrix = OwnershipMatrix.objects.select_for_update().filter(status="active").first()
    today = now.date()
    if matrix is None or matrix.decided_on is None or matrix.decided_on >= today:
        return {}
    turning = {rule.entity for rule in matrix.rules.all() if _turns(rule, matrix.decided_on, today)}
    matrix.decided_on = today
    matrix.save(update_fields=["decided_on"])
    return {name: mark_entity_pending(entity=name, now=now) for name in sorted(turning)}


def _turns(rule: OwnershipRule, before: date, today: date) -> bool:
    begins = rule.valid_from is not None and before < rule.valid_from <= today
    ends = rule.valid_to is not None and before <= rule.valid_to < today
    return begins or ends
