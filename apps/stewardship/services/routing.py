"""`route_plan`: by policy a planned change is applied at once or becomes a change request."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.audit.context import current
from apps.audit.history import create_with_history, write_history
from apps.core.bulk import raw_cursor
from apps.golden.registry import entity
from apps.mastering.contracts import Plan
from apps.mastering.services import Remember, apply_plan, nothing_remembered
from apps.stewardship.contracts import HeldChange, Policy, Routed
from apps.stewardship.models import ChangeRequest, RequestKind, RequestStatus
from apps.stewardship.routing import Approved, Standing, proposed_part, settle, split_plan
from apps.stewardship.selectors import active_policy
from apps.stewardship.services.challenges import raise_challenges, supersede
from apps.stewardship.services.exceptions import check_written

Key = tuple[UUID, str]
"""A golden record and an attribute group."""


def route_plan(
    *,
    plan: Plan,
    now: datetime,
    approved: Approved = frozenset(),
    pins: Mapping[str, Any] | None = None,
    pins_expire_at: datetime | None = None,
    owners: Mapping[Key, str] | None = None,
    reason: str = "",
    closed: Mapping[Key, ChangeRequest] | None = None,
) -> Plan:
    """Return what may be applied at once; the rest becomes (or stays) a pending change request.

    What sources brought and is computed differently now is superseded by a new request, what has vanished is closed;
    a change that was rejected stays rejected until the source says something else. What a person proposes (`pins`)
    is a request of its own: it waits, whatever sources say, until an approver answers it or a newer proposal
    replaces it. `owners` names whose data owner must agree, by record and group; `closed` are requests that a merge,
    which is undone now, had overtaken: where they ask for what is held again, they wait again. Owners whom another
    system challenges are asked too. Run it in the transaction that applies the plan. A constant number of statements.
    """
    policy, closed = active_policy(), closed or {}
    plan, routed, earlier = _settled(plan, policy, approved=approved, owners=owners or {}, closed=closed)
    spec = entity(plan.entity)
    parts = [proposed_part(spec, part, pins or {}) for part in routed.held]
    # While a proposal on a group waits, what sources brought of that group stays as it is.
    proposed = {(part.record_id, part.group) for part, _ in parts if part}
    brought = {(part.record_id, part.group): part for _, part in parts if part}
    brought = {key: part for key, part in brought.items() if key not in proposed}
    settled = {key: requests for key, requests in earlier.items() if key not in proposed}
    _close_outdated(settled, brought, now=now)
    new = [part for key, part in brought.items() if not _answered(earlier.get(key, ()), part)]
    new = _reopened(new, closed, now=now)
    ask = partial(_requested, entity_name=plan.entity, policy=policy, reason=reason, now=now)
    requests = [ask(part) for part in new]
    proposals = _new_proposals(parts, pins or {}, now=now)
    requests += [ask(part, pins=pins, expires_at=pins_expire_at) for part in proposals]
    create_with_history(requests, now=now)
    raise_challenges(plan=routed.plan, policy_version=policy.version, now=now)
    return routed.plan


def settled_plan(
    *, plan: Plan, approved: Approved = frozenset(), owners: Mapping[Key, str] | None = None
) -> Plan:
    """Return the plan as `route_plan` will split it: references that will be held count in it as they are stored."""
    return _settled(plan, active_policy(), approved=approved, owners=owners or {}, closed={})[0]


def _settled(
    plan: Plan,
    policy: Policy,
    *,
    approved: Approved,
    owners: Mapping[Key, str],
    closed: Mapping[Key, ChangeRequest],
) -> tuple[Plan, Routed, dict[Key, list[ChangeRequest]]]:
    """Return the plan to be split, how it splits, and what approvers are asked or said no to already."""
    earlier: dict[Key, list[ChangeRequest]] = {}
    spec = entity(plan.entity)

    def split(plan: Plan) -> Routed:
        considered = [change.record_id for change in plan.changes if change.kind != "created"]
        earlier.clear()
        earlier.update(_earlier_requests(considered))
        standing = _standing(earlier, closed)
        return split_plan(spec, plan, policy, approved=approved, owners=owners, standing=standing)

    plan, routed = settle(spec, plan, split)
    return plan, routed, earlier


def _requested(
    part: HeldChange,
    *,
    entity_name: str,
    policy: Policy,
    reason: str,
    now: datetime,
    pins: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
) -> ChangeRequest:
    block = current()
    return ChangeRequest(
        record_id=part.record_id,
        entity=entity_name,
        group=part.group,
        before=part.before,
        after=part.after,
        provenance=part.provenance,
        pins={name: value for name, value in (pins or {}).items() if name in part.after},
        pins_expire_at=expires_at,
        owner=part.owner,
        reason=reason or block.reason,
        requested_by=block.actor.name,
        requested_by_id=block.actor.user_id,
        correlation_id=block.correlation_id,
        requested_at=now,
        due_at=now + timedelta(hours=part.due_hours),
        policy_version=policy.version,
    )


def _new_proposals(
    parts: Sequence[tuple[HeldChange | None, ...]], pins: Mapping[str, Any], *, now: datetime
) -> list[HeldChange]:
    """Return the proposals that do not wait already; older ones on the same attributes give way to them."""
    proposed = [part for part, _ in parts if part]
    waiting: dict[Key, list[ChangeRequest]] = {}
    for request in _waiting_proposals([part.record_id for part in proposed]):
        waiting.setdefault((request.record_id, request.group), []).append(request)
    new, replaced = [], []
    for part in proposed:
        older = [r for r in waiting.get((part.record_id, part.group), ()) if pins.keys() & r.pins.keys()]
        same = [r for r in older if r.after == part.after and r.before == part.before]
        replaced += [request.pk for request in older if request not in same]
        if not same:
            new.append(part)
    supersede(replaced, now=now)
    return new


def _waiting_proposals(records: Sequence[UUID]) -> list[ChangeRequest]:
    pending = ChangeRequest.objects.filter(
        record__in=records, kind=RequestKind.CHANGE, status=RequestStatus.PENDING
    )
    return list(pending.exclude(pins={}).order_by("requested_at", "pk")) if records else []


def route_consequences(
    *,
    plan: Plan,
    now: datetime,
    governed: Set[UUID] = frozenset(),
    approved: Approved = frozenset(),
    undone: UUID | None = None,
) -> Plan:
    """Route what follows from a decision that a person just made: all of it is applied, but for what an approver is
    asked already, or said no to.

    Records in `governed` are held to the policy all the same, but for what is `approved`. `undone` is the correlation
    id of the merge that is undone: what it had overtaken is asked again.
    """
    records = [change.record_id for change in plan.changes]
    closed = _closed_by(undone, records) if undone else {}
    asked = _earlier_requests(records).keys() | closed.keys()
    spec = entity(plan.entity)
    free = frozenset(
        (change.record_id, name)
        for change in plan.changes
        if change.record_id not in governed
        for name in change.changed
        if (change.record_id, spec.group_of(name)) not in asked
    )
    return route_plan(plan=plan, now=now, approved=free | approved, closed=closed)


def apply_decision(
    plan: Plan, *, now: datetime, remember: Remember = nothing_remembered, undone: UUID | None = None
) -> None:
    """Apply a routed plan of a person, and at once what follows from it for records that refer to it."""
    apply_plan(
        plan=plan,
        now=now,
        at_once=True,
        route=lambda again: route_consequences(plan=again, now=now, undone=undone),
        remember=remember,
    )
    check_written(plan=plan, now=now)


def supersede_requests(*, record_ids: Sequence[UUID], now: datetime) -> None:
    """Close what sources brought and waits for an answer on records that are no more."""
    brought = Q(pins={}) | Q(kind=RequestKind.CHALLENGE)
    waiting = ChangeRequest.objects.filter(brought, record__in=record_ids, status=RequestStatus.PENDING)
    supersede(list(waiting.values_list("pk", flat=True)), now=now)


def standing_answers(records: Sequence[UUID]) -> Standing:
    """Return, by record and group, the change that an approver is asked about or said no to last."""
    return _standing(_earlier_requests(records), {})


def _standing(
    earlier: Mapping[Key, Sequence[ChangeRequest]], closed: Mapping[Key, ChangeRequest]
) -> Standing:
    found = {key: [requests[0].after] for key, requests in earlier.items()}
    for key, request in closed.items():
        found.setdefault(key, []).append(request.after)
    return found


def _closed_by(correlation_id: UUID, records: Sequence[UUID]) -> dict[Key, ChangeRequest]:
    """Return, by record and group, what sources had brought and waited until this deed overtook it."""
    overtaken = ChangeRequest.history.filter(
        record__in=records, correlation_id=correlation_id, status=RequestStatus.SUPERSEDED
    )
    rows = ChangeRequest.objects.filter(
        pk__in=overtaken.values("id"), kind=RequestKind.CHANGE, status=RequestStatus.SUPERSEDED, pins={}
    )
    return {(request.record_id, request.group): request for request in rows.order_by("requested_at", "pk")}


def _reopened(
    parts: Sequence[HeldChange], closed: Mapping[Key, ChangeRequest], *, now: datetime
) -> list[HeldChange]:
    """Let closed requests wait again that ask for one of these parts; return the parts that none asks for."""
    left, again = [], []
    for part in parts:
        request = closed.get((part.record_id, part.group))
        if request is not None and _answered([request], part):
            again.append(request.pk)
        else:
            left.append(part)
    if again:
        ChangeRequest.objects.filter(pk__in=again).update(status=RequestStatus.PENDING, decided_at=None)
        with raw_cursor() as cursor:
            write_history(cursor, ChangeRequest, again, kind="~", now=now)
    return left


def _earlier_requests(records: Sequence[UUID]) -> dict[Key, list[ChangeRequest]]:
    """Return the pending request and the rejected ones of each record and group, the newest first; no proposals."""
    found: dict[Key, list[ChangeRequest]] = {}
    rows = ChangeRequest.objects.filter(
        record__in=records,
        kind=RequestKind.CHANGE,
        status__in=(RequestStatus.PENDING, RequestStatus.REJECTED),
        pins={},
    ).order_by("-requested_at", "-pk")
    for request in rows:
        found.setdefault((request.record_id, request.group), []).append(request)
    return found


def _answered(earlier: Sequence[ChangeRequest], part: HeldChange) -> bool:
    """Tell whether this very change waits already, or was the last one that was rejected."""
    return bool(earlier) and earlier[0].after == part.after and earlier[0].before == part.before


def _close_outdated(
    earlier: Mapping[Key, Sequence[ChangeRequest]],
    wanted: Mapping[Key, HeldChange],
    *,
    now: datetime,
) -> None:
    outdated = [
        request.pk
        for key, requests in earlier.items()
        for request in requests
        if request.status == RequestStatus.PENDING
        and not (key in wanted and _answered([request], wanted[key]))
    ]
    supersede(outdated, now=now)
