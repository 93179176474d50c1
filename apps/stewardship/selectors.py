"""Reads on policies and change requests."""

from apps.stewardship.authority import answers_for
from apps.stewardship.contracts import Policy
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.previewing import preview_route

__all__ = ["active_policy", "answers_for", "preview_route"]


def active_policy() -> Policy:
    """Return the active approval policy; without one nothing needs an approver."""
    row = ApprovalPolicy.objects.filter(status="active").prefetch_related("rules").first()
    if row is None:
        return Policy(version=0, rules={})
    rules = {(rule.entity, rule.group): (frozenset(rule.states), rule.due_hours) for rule in row.rules.all()}
    return Policy(version=row.version, rules=rules)
