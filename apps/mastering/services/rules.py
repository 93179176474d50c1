"""Edit the ownership matrix: drafts, activation, roll back. An active version is never changed."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.audit.context import current
from apps.audit.history import create_with_history
from apps.audit.services import record_deed
from apps.core.errors import Conflict
from apps.golden.registry import entities
from apps.mastering.engine.ownership import ANY
from apps.mastering.models import OwnershipMatrix, OwnershipRule

ACTIVE_STATES = "active"


def ensure_default_ownership(*, now: datetime) -> None:
    """Activate the owners that the specs declare, unless a matrix is active already."""
    if OwnershipMatrix.objects.filter(status="active").exists():
        return
    matrix = _new_version(note="Defaults of the entities' specs", now=now)
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


def _new_version(*, note: str, now: datetime) -> OwnershipMatrix:
    newest = OwnershipMatrix.objects.aggregate(newest=Max("version"))["newest"] or 0
    return OwnershipMatrix.objects.create(
        version=newest + 1, note=note, created_by=current().actor.name, created_at=now
    )


@transaction.atomic
def draft_ownership(*, note: str, now: datetime, base_id: int | None = None) -> OwnershipMatrix:
    """Create a draft with the cells of a version (by default the active one), to be edited and activated."""
    base = (
        OwnershipMatrix.objects.get(pk=base_id)
        if base_id
        else OwnershipMatrix.objects.filter(status="active").first()
    )
    draft = _new_version(note=note, now=now)
    if base:
        rules = [
            OwnershipRule(
                matrix=draft, entity=r.entity, group=r.group, state=r.state, owners=r.owners, others=r.others
            )
            for r in base.rules.all()
        ]
        create_with_history(rules, now=now)
    return draft


@transaction.atomic
def activate_ownership(*, matrix_id: int, now: datetime) -> OwnershipMatrix:
    """Make a draft the active version, or an earlier version active again (roll back)."""
    matrix = OwnershipMatrix.objects.select_for_update().get(pk=matrix_id)
    if matrix.is_active:
        raise Conflict(f"Ownership v{matrix.version} is active already.")
    for old in OwnershipMatrix.objects.select_for_update().filter(status="active"):
        old.status = "retired"
        old.save()
    matrix.status, matrix.activated_by, matrix.activated_at = "active", current().actor.name, now
    matrix.save()
    record_deed(verb="activate ownership", subject=str(matrix), now=now)
    return matrix
