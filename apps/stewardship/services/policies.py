"""Edit approval policies: drafts, activation, roll back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict
from apps.golden.registry import entities
from apps.stewardship.models import ApprovalPolicy, ApprovalRule


def ensure_default_policy(*, now: datetime) -> None:
    """Activate what the specs declare to need an approver, unless a policy is active already."""
    if ApprovalPolicy.objects.filter(status="active").exists():
        return
    policy = _new_version(note="Defaults of the entities' specs", now=now)
    ApprovalRule.objects.bulk_create(
        ApprovalRule(policy=policy, entity=spec.name, group=group, states=sorted(spec.lifecycle.active))
        for spec in entities.values()
        for group in spec.approvals
    )
    activate_policy(policy_id=policy.pk, now=now)


def _new_version(*, note: str, now: datetime) -> ApprovalPolicy:
    newest = ApprovalPolicy.objects.aggregate(newest=Max("version"))["newest"] or 0
    return ApprovalPolicy.objects.create(
        version=newest + 1, note=note, created_by=current().actor.name, created_at=now
    )


@transaction.atomic
def draft_policy(*, note: str, now: datetime, base_id: int | None = None) -> ApprovalPolicy:
    """Create a draft with the rules of a version (by default the active one)."""
    base = (
        ApprovalPolicy.objects.get(pk=base_id)
        if base_id
        else ApprovalPolicy.objects.filter(status="active").first()
    )
    draft = _new_version(note=note, now=now)
    if base:
        ApprovalRule.objects.bulk_create(
            ApprovalRule(policy=draft, entity=r.entity, group=r.group, states=r.states, due_hours=r.due_hours)
            for r in base.rules.all()
        )
    return draft


@transaction.atomic
def activate_policy(*, policy_id: int, now: datetime) -> ApprovalPolicy:
    """Make a draft the active version, or an earlier version active again (roll back)."""
    policy = ApprovalPolicy.objects.select_for_update().get(pk=policy_id)
    if policy.is_active:
        raise Conflict(f"Approval policy v{policy.version} is active already.")
    for old in ApprovalPolicy.objects.select_for_update().filter(status="active"):
        old.status = "retired"
        old.save()
    policy.status, policy.activated_by, policy.activated_at = "active", current().actor.name, now
    policy.save()
    record_deed(verb="activate approval policy", subject=str(policy), now=now)
    return policy
