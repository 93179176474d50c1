"""`route_plan`: by policy a planned change is applied at once or becomes a change request."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.audit.context import current
from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.golden.registry import entity
from apps.mastering.contracts import Plan
from apps.mastering.services import apply_plan
from apps.stewardship.contracts import HeldChange
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus
from apps.stewardship.routing import Approved, split_plan
from apps.stewardship.selectors import active_policy
from apps.stewardship.services.challenges import raise_challenges, supersede

Key = tuple[UUID, str]


def route_plan(
    *,
    plan: Plan,
    now: datetime,
    approved: Approved = frozenset(),
    pins: Mapping[str, Any] | None = None,
    pins_expire_at: datetime | None = None,
    owners: Mapping[Key, str] | None = None,
    reason: str = "",
) -> Plan:
    """Return what may be applied at once; the rest becomes (or stays) a pending change request.

    A request whose change is computed differently now is superseded by a new one, one whose change has vanished is
    closed; a change that was rejected stays rejected until the source says something else, or a person proposes it
    (`pins`) again. `owners` names whose data owner must agree, by record and group. Owners whom another system
    challenges are asked too. Run it in the transaction that applies the plan.
    """
    policy = active_policy()
    routed = split_plan(entity(plan.entity), plan, policy, approved=approved, owners=owners)
    considered = [change.record_id for change in plan.changes if change.kind != "created"]
    earlier = _earlier_requests(considered)
    wanted = {(part.record_id, part.group): part for part in routed.held}
    _close_outdated(earlier, wanted, approved, now=now)
    new = [
        part
        for key, part in wanted.items()
        if not _answered([each for each in earlier.get(key, ()) if not pins or each.is_pending], part)
    ]
    block = current()
    created = ChangeRequest.objects.bulk_create(
        ChangeRequest(
            record_id=part.record_id,
            entity=plan.entity,
            group=part.group,
            before=part.before,
            after=part.after,
            provenance=part.provenance,
            pins={name: value for name, value in (pins or {}).items() if name in part.after},
            pins_expire_at=pins_expire_at,
            owner=part.owner,
            reason=reason or block.reason,
            requested_by_id=block.actor.user_id,
            requested_at=now,
            due_at=now + timedelta(hours=part.due_hours),
            policy_version=policy.version,
        )
        for part in new
    )
    with raw_cursor() as cursor:
        write_history(cursor, ChangeRequest, [request.pk for request in created], kind="+", now=now)
    raise_challenges(plan=routed.plan, policy_version=policy.version, now=now)
    return routed.plan


def route_consequences(*, plan: Plan, now: datetime) -> Plan:
    """Route what follows from a decision that a person just made: all of it is applied, but for what an approver is
    asked already, or said no to.
    """
    asked = _earlier_requests([change.record_id for change in plan.changes])
    groups = entity(plan.entity).groups()
    free = frozenset((change.record_id, group) for change in plan.changes for group in groups) - set(asked)
    return route_plan(plan=plan, now=now, approved=free)


def apply_decision(plan: Plan, *, now: datetime) -> None:
    """Apply a routed plan of a person, and at once what follows from it for records that refer to it."""
    apply_plan(plan=plan, now=now, at_once=True, route=lambda again: route_consequences(plan=again, now=now))


def supersede_requests(*, record_ids: Sequence[UUID], now: datetime) -> None:
    """Close what waits for an approver on records that are no more."""
    waiting = ChangeRequest.objects.filter(record__in=record_ids, status=RequestStatus.PENDING)
    supersede(list(waiting.values_list("pk", flat=True)), now=now)


def _earlier_requests(records: Sequence[UUID]) -> dict[Key, list[ChangeRequest]]:
    """Return the pending request and the last rejected one of each record and group."""
    found: dict[Key, list[ChangeRequest]] = {}
    rows = ChangeRequest.objects.filter(
        record__in=records,
        kind=RequestKind.CHANGE,
        status__in=(RequestStatus.PENDING, RequestStatus.REJECTED),
    ).order_by("-requested_at")
    for request in rows:
        found.setdefault((request.record_id, request.group), []).append(request)
    return found


def _answered(earlier: Sequence[ChangeRequest], part: HeldChange) -> bool:
    """Tell whether this very change waits already, or was the last one that was rejected."""
    return bool(earlier) and earlier[0].after == part.after and earlier[0].before == part.before


def _close_outdated(
    earlier: Mapping[Key, Sequence[ChangeRequest]],
    wanted: Mapping[Key, HeldChange],
    approved: Approved,
    *,
    now: datetime,
) -> None:
    outdated = [
        request.pk
        for key, requests in earlier.items()
        for request in requests
        if request.status == RequestStatus.PENDING
        and key not in approved
        and not (request.pins and key not in wanted)  # a steward's proposal waits, whatever sources say
        and not (key in wanted and _answered([request], wanted[key]))
    ]
    supersede(outdated, now=now)
