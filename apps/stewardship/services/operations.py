"""Merges and unmerges that need an approver: asked for by one person, carried out when another one says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, Invalid
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Choices
from apps.mastering.services import find_vetoes, mergeable_spec, refuse_vetoed, take_turn
from apps.stewardship.authority import demand
from apps.stewardship.models import MergeRequest, Operation, RequestStatus
from apps.stewardship.services.choosing import refuse_unoffered
from apps.stewardship.services.holding import policy_on, why_held
from apps.stewardship.services.merges import merge_records
from apps.stewardship.services.parting import NO_CHOICES, offers_for, part_members
from apps.stewardship.services.requests import AnsweredAlready, OwnRequest


@dataclass(frozen=True, slots=True)
class Proposed:
    """What became of a proposal: done, then `record_id` is the survivor or the record taken out; or waiting."""

    record_id: UUID | None = None
    request_id: UUID | None = None


@transaction.atomic
def propose_merge(*, record_ids: Sequence[UUID], reason: str, now: datetime) -> Proposed:
    """Merge at once, or ask an approver: for what a veto speaks against, or where the approval policy says so.

    Raises MergeVetoed for what nobody may do, Invalid without a reason where one is needed, Denied.
    """
    demand(Capability.DECIDE)
    take_turn()
    ids = list(record_ids)
    spec = mergeable_spec(ids)
    [vetoes] = find_vetoes(spec, [ids])
    refuse_vetoed(vetoes, override=True)
    findings = [{"code": veto.code, "message": veto.message} for veto in vetoes]
    held, hours = policy_on(spec, Operation.MERGE, ids)
    if not findings and not held:
        return Proposed(merge_records(record_ids=ids, method="steward", reason=reason, now=now))
    if held:
        findings.append({"code": "policy", "message": why_held(spec, Operation.MERGE)})
    return _ask(Operation.MERGE, spec, ids, {}, findings, reason=reason, hours=hours, now=now)


@transaction.atomic
def propose_unmerge(
    *,
    record_id: UUID,
    reason: str,
    now: datetime,
    merge_id: UUID | None = None,
    source_record_ids: Sequence[UUID] = (),
    choices: Choices = NO_CHOICES,
) -> Proposed:
    """Undo a merge or take members out, at once or, where the approval policy says so, after an approver agreed.

    The policy is asked about the record that is taken apart, whatever page it is asked for on. Raises Invalid for a
    merge that is none of `record_id`, InvalidChoice, Conflict, Denied.
    """
    demand(Capability.DECIDE)
    take_turn()
    details = {
        "merge": str(merge_id) if merge_id else None,
        "members": [str(source) for source in source_record_ids],
        "choices": choices.as_json(),
    }
    parting, offers = offers_for(
        merge_id=merge_id, record_id=record_id, source_record_ids=source_record_ids, choices=choices
    )
    refuse_unoffered(offers, choices)
    spec, home = entity(parting.entity), parting.home
    held, hours = policy_on(spec, Operation.UNMERGE, [home])
    if not held:
        return Proposed(_carry_out_unmerge(home, details, reason=reason, now=now))
    findings = [{"code": "policy", "message": why_held(spec, Operation.UNMERGE)}]
    return _ask(Operation.UNMERGE, spec, [home], details, findings, reason=reason, hours=hours, now=now)


def _carry_out_unmerge(record_id: UUID, details: dict[str, Any], *, reason: str, now: datetime) -> UUID:
    choices = Choices.of_json(details["choices"])
    merge_id = UUID(details["merge"]) if details["merge"] else None
    parting, offers = offers_for(
        merge_id=merge_id,
        record_id=None if merge_id else record_id,
        source_record_ids=[UUID(source) for source in details["members"]],
        choices=choices,
    )
    part_members(parting, offers, choices, reason=reason, now=now)
    return parting.away


def _ask(
    operation: Operation,
    spec: EntitySpec,
    ids: Sequence[UUID],
    details: dict[str, Any],
    findings: list[dict[str, str]],
    *,
    reason: str,
    hours: int,
    now: datetime,
) -> Proposed:
    if not reason.strip():
        raise Invalid("Say why: an approver decides on it.")
    records = sorted(str(record) for record in ids)
    waiting = MergeRequest.objects.filter(
        operation=operation, entity=spec.name, records=records, details=details, status=RequestStatus.PENDING
    ).first()
    if waiting is None:
        waiting = MergeRequest.objects.create(
            operation=operation,
            entity=spec.name,
            records=records,
            details=details,
            findings=findings,
            reason=reason,
            requested_by_id=current().actor.user_id,
            requested_at=now,
            due_at=now + timedelta(hours=hours),
        )
    return Proposed(request_id=waiting.pk)


@transaction.atomic
def approve_operation(*, request_id: UUID, reason: str, now: datetime) -> UUID:
    """Carry out a merge or unmerge that waited, in the same transaction; return the golden id that it comes to.

    Raises OwnRequest, AnsweredAlready, MergeVetoed for what became absolute meanwhile, Conflict when the records have
    changed so that it cannot be done any more, Denied.
    """
    request = _lock_pending(request_id)
    if not reason.strip():
        raise Invalid("Say why you agree: the reason stays with the merge.")
    _answer(request, RequestStatus.APPROVED, reason=reason, now=now)
    told = f"{request.reason} Approved: {reason}"
    if request.operation == Operation.UNMERGE:
        return _carry_out_unmerge(UUID(request.records[0]), request.details, reason=told, now=now)
    ids = [UUID(record) for record in request.records]
    spec = mergeable_spec(ids)
    [vetoes] = find_vetoes(spec, [ids])
    known = {finding["message"] for finding in request.findings}
    if any(veto.message not in known for veto in vetoes):
        raise Conflict("Something else speaks against it by now; reject it and have it asked for again.")
    return merge_records(record_ids=ids, method="steward", reason=told, now=now, override=True)


@transaction.atomic
def reject_operation(*, request_id: UUID, reason: str, now: datetime) -> MergeRequest:
    """Leave the records as they are. Raises OwnRequest, AnsweredAlready, Denied."""
    request = _lock_pending(request_id)
    _answer(request, RequestStatus.REJECTED, reason=reason, now=now)
    return request


def _lock_pending(request_id: UUID) -> MergeRequest:
    demand(Capability.APPROVE)
    take_turn()
    request = MergeRequest.objects.select_for_update().get(pk=request_id)
    if request.status != RequestStatus.PENDING:
        raise AnsweredAlready(f"It is {request.get_status_display()}; reload the list.")
    if request.requested_by_id is not None and request.requested_by_id == current().actor.user_id:
        raise OwnRequest("Another approver has to answer it.")
    return request


def _answer(request: MergeRequest, status: RequestStatus, *, reason: str, now: datetime) -> None:
    actor = current().actor
    request.status, request.decision_reason, request.decided_at = status, reason, now
    request.decided_by, request.decided_by_id = actor.name, actor.user_id
    request.save(update_fields=["status", "decision_reason", "decided_at", "decided_by", "decided_by_id"])
    record_deed(
        verb=f"{status.value} {request.operation}",
        entity=request.entity,
        record_id=UUID(request.records[0]),
        subject=", ".join(request.records),
        reason=reason,
        detail={"merge_request": str(request.pk)},
        now=now,
    )
