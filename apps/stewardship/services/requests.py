"""Approve and reject change requests, propose values by hand and release them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Denied
from apps.golden.registry import entity
from apps.mastering.models import Pin
from apps.mastering.services import (
    end_pin,
    plan_records,
    take_turn,
    write_pins,
)
from apps.stewardship.authority import demand, demand_owner
from apps.stewardship.models import ChangeRequest, RequestStatus
from apps.stewardship.services.routing import apply_decision, route_plan, settled_plan


class OwnRequest(Denied):
    code = "own_request"
    title = "Nobody answers his own change request"


class AnsweredAlready(Conflict):
    code = "change_request_answered"
    title = "This change request was answered already"


class RequestOutdated(Conflict):
    code = "change_request_outdated"
    title = "The record or its sources changed since this request was made"


def _lock_pending(request_id: UUID) -> ChangeRequest:
    demand(Capability.APPROVE)
    take_turn()
    request = ChangeRequest.objects.select_for_update().get(pk=request_id)
    if request.status != RequestStatus.PENDING:
        raise AnsweredAlready(f"It is {request.get_status_display()}; reload the list.")
    if request.requested_by_id is not None and request.requested_by_id == current().actor.user_id:
        raise OwnRequest("Another approver has to answer it.")
    if request.owner:
        demand_owner(request.owner)
    return request


def _answer(request: ChangeRequest, status: RequestStatus, *, reason: str, now: datetime) -> None:
    actor = current().actor
    request.status, request.decision_reason, request.decided_at = status, reason, now
    request.decided_by, request.decided_by_id = actor.name, actor.user_id
    request.save(update_fields=["status", "decision_reason", "decided_at", "decided_by", "decided_by_id"])
    record_deed(
        verb=f"{status.value} change request",
        entity=request.entity,
        record_id=request.record_id,
        subject=request.group,
        reason=reason,
        detail={"change_request": str(request.pk)},
        now=now,
    )


@transaction.atomic
def approve_request(*, request_id: UUID, reason: str, now: datetime) -> ChangeRequest:
    """Apply a pending change in the same transaction. Raises OwnRequest, AnsweredAlready, RequestOutdated, Denied."""
    request = _lock_pending(request_id)
    spec = entity(request.entity)
    if request.pins:
        expires = request.pins_expire_at
        if expires is not None and expires <= now:
            raise RequestOutdated("The pin it asks for would have expired already; reject it.")
        write_pins(
            record_id=request.record_id,
            values=request.pins,
            reason=request.reason,
            expires_at=expires,
            now=now,
        )
    let_through = frozenset((request.record_id, name) for name in request.after)
    plan = plan_records(spec=spec, record_ids=[request.record_id], now=now)
    plan = settled_plan(plan=plan, approved=let_through)
    change = plan.changes[0]  # the record's own comes first
    # What sources say beside a proposal waits under a request of its own, and what follows from it is computed.
    names = set(request.pins or request.after)
    expected = {name: request.after[name] for name in names if request.after.get(name) is not None}
    unseen = {name for name in change.changed if spec.group_of(name) == request.group} - set(request.after)
    if request.pins:
        unseen = set()
    if unseen or {name: change.after[name] for name in names if name in change.after} != expected:
        raise RequestOutdated(
            "Its sources say something else now; reload the record and look at the new request."
        )
    _answer(request, RequestStatus.APPROVED, reason=reason, now=now)
    apply_decision(route_plan(plan=plan, now=now, approved=let_through), now=now)
    return request


@transaction.atomic
def reject_request(*, request_id: UUID, reason: str, now: datetime) -> ChangeRequest:
    """Keep the golden record as it is. Raises OwnRequest, AnsweredAlready, Denied."""
    request = _lock_pending(request_id)
    _answer(request, RequestStatus.REJECTED, reason=reason, now=now)
    return request


@transaction.atomic
def release_pin(*, pin_id: UUID, reason: str, now: datetime) -> None:
    """End a steward's pin: the rules decide on the attribute again, at once or after approval, by policy.

    Raises Denied without the role, Conflict when the pin has ended already.
    """
    demand(Capability.DECIDE)
    take_turn()
    pin = Pin.objects.select_related("record").get(pk=pin_id)
    if pin.ended_at is not None:
        raise Conflict("This pin was released or replaced already; reload the page.")
    end_pin(pin_id=pin_id, now=now)
    record_deed(
        verb="release pin",
        entity=pin.record.entity,
        record_id=pin.record_id,
        subject=pin.attribute,
        reason=reason,
        now=now,
    )
    holder = pin.record.merged_into_id or pin.record_id  # of a merged record the pin holds for its survivor
    plan = plan_records(spec=entity(pin.record.entity), record_ids=[holder], now=now)
    apply_decision(route_plan(plan=plan, now=now, reason=reason), now=now)
