"""What routing a plan would come to: what is applied at once, and which change requests would be new. Reads only."""

from dataclasses import replace

from apps.golden.registry import entity
from apps.mastering.contracts import Plan
from apps.stewardship.contracts import HeldChange, Policy, Routed
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus
from apps.stewardship.routing import split_plan


def preview_route(plan: Plan, policy: Policy) -> Routed:
    """Return the routed plan; of what is held only what does not wait already, or was turned down as it is.

    What waits, or was turned down, is held whatever state the record has come to meanwhile, as in `route_plan`.
    """
    considered = {change.record_id for change in plan.changes if change.kind in ("updated", "revived")}
    earlier = ChangeRequest.objects.filter(
        record__in=considered,
        kind=RequestKind.CHANGE,
        status__in=(RequestStatus.PENDING, RequestStatus.REJECTED),
        pins={},
    ).order_by("requested_at", "pk")
    last = {(request.record_id, request.group): request for request in (earlier if considered else ())}
    standing = {key: [request.after] for key, request in last.items()}
    routed = split_plan(entity(plan.entity), plan, policy, approved=frozenset(), standing=standing)

    def is_new(part: HeldChange) -> bool:
        request = last.get((part.record_id, part.group))
        return request is None or (request.before, request.after) != (part.before, part.after)

    return replace(routed, held=tuple(part for part in routed.held if is_new(part)))
