"""Edit approval policies: drafts, activation, roll back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from apps.audit.context import current
from apps.audit.history import create_with_history
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Invalid
from apps.golden.registry import entities, entity
from apps.stewardship.models import ApprovalPolicy, ApprovalRule, Operation


def ensure_default_policy(*, now: datetime) -> None:
    """Activate what the specs declare to need an approver, unless a policy is active already."""
    if ApprovalPolicy.objects.filter(status="active").exists():
        return
    policy = _new_version(note="Defaults of the entities' specs", now=now)
    rules = [
        ApprovalRule(policy=policy, entity=spec.name, group=group, states=sorted(spec.lifecycle.active))
        for spec in entities.values()
        for group in spec.approvals
    ]
    create_with_history(rules, now=now)
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
        rules = [
            ApprovalRule(policy=draft, entity=r.entity, group=r.group, states=r.states, due_hours=r.due_hours)
            for r in base.rules.all()
        ]
        create_with_history(rules, now=now)
    return draft


@dataclass(frozen=True, slots=True)
class PolicyCell:
    """Changes of a group wait for an approver in these states (none: in every state), for so many hours."""

    states: frozenset[str]
    due_hours: int = 24


@transaction.atomic
def write_policy_draft(*, policy_id: int, entity_name: str, cells: Mapping[str, PolicyCell]) -> int:
    """Make `cells`, by group, the whole of what a draft says of one entity; return how many changed.

    Besides attribute groups there are the operations, merge and unmerge, which are held by the same words. Raises
    Conflict when the version is no draft, Invalid for an unknown group or state, or a due time below an hour.
    """
    policy = ApprovalPolicy.objects.select_for_update().get(pk=policy_id)
    if policy.status != "draft":
        raise Conflict(
            f"Approval policy v{policy.version} is {policy.status}; make a draft of it and edit that."
        )
    spec, wanted, changed = entity(entity_name), dict(cells), 0
    for group, cell in cells.items():
        if (
            group not in (*spec.groups(), *Operation.values)
            or not cell.states <= set(spec.lifecycle.states)
            or cell.due_hours < 1
        ):
            raise Invalid(f"{entity_name} {group}: unknown group or state, or due within less than an hour.")
    for rule in ApprovalRule.objects.filter(policy=policy, entity=entity_name):
        kept = wanted.pop(rule.group, None)
        if kept is None:
            rule.delete()
        elif (frozenset(rule.states), rule.due_hours) != (kept.states, kept.due_hours):
            rule.states, rule.due_hours = sorted(kept.states), kept.due_hours
            rule.save(update_fields=["states", "due_hours"])
        else:
            continue
        changed += 1
    for group, cell in wanted.items():
        ApprovalRule.objects.create(
            policy=policy,
            entity=entity_name,
            group=group,
            states=sorted(cell.states),
            due_hours=cell.due_hours,
        )
    return changed + len(wanted)


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
