"""What routing a plan would come to: what is applied at once, and which change requests would be new. Reads only."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from apps.golden.registry import entity
from apps.mastering.contracts import Plan
from apps.stewardship.contracts import HeldChange, Policy, Routed
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus
from apps.stewardship.routing import settle, split_plan


def preview_route(plan: Plan, policy: Policy) -> Routed:
    """Return the routed plan; of what is held only what does not wait already, or was turned down as it is.

    What waits, or was turned down, is held whatever state the record has come to meanwhile, as in `route_plan`.
    """
    last: dict[tuple[UUID, str], ChangeRequest] = {}
    spec = entity(plan.entity)

    def split(plan: Plan) -> Routed:
        considered = {change.record_id for change in plan.changes if change.kind in ("updated", "revived")}
        last.update(_last_answers(considered))
        standing = {key: [request.after] for key, request in last.items()}
        return split_plan(spec, plan, policy, approved=frozenset(), standing=standing)

    _, routed = settle(spec, plan, split)

    def is_new(part: HeldChange) -> bool:
        request = last.get((part.record_id, part.group))
        return request is None or (request.before, request.after) != (part.before, part.after)

    return replace(routed, held=tuple(part for part in routed.held if is_new(part)))


def _last_answers(records: Collection[UUID]) -> dict[tuple[UUID, str], ChangeRequest]:
    """Return what an approver is asked, or was asked last and said no to, by record and group; no proposals."""
    if not records:
        return {}
    earlier = ChangeRequest.objects.filter(
        record__in=records,
        kind=RequestKind.CHANGE,
        status__in=(RequestStatus.PENDING, RequestStatus.REJECTED),
        pins={},
    ).order_by("requested_at", "pk")
    return {(request.record_id, request.group): request for request in earlier}
