"""Change requests: planned changes that wait for an approver."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, answer_unless_unchanged, json_response
from apps.api.cursors import seal, unseal
from apps.api.masking import masked_document, sees_personal
from apps.api.operations import Operation
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.core.clock import utcnow
from apps.core.errors import Conflict, NotFound
from apps.golden.registry import entities
from apps.mastering.services import take_turn
from apps.stewardship.models import ChangeRequest, RequestStatus
from apps.stewardship.services import approve_request, reject_request

_FIELDS = (
    "id", "record_id", "entity", "group", "before", "after", "status", "reason", "requested_by", "requested_at",
    "due_at", "decided_by", "decided_at", "decision_reason", "policy_version", "correlation_id",
)  # fmt: skip


class Stale(Conflict):
    code = "stale"
    title = "It changed since you looked at it"
    status = 412


def _etag(row: Mapping[str, Any]) -> str:
    return f'"{row["status"]}-{row["id"].hex[-12:]}"'


def _content(row: Mapping[str, Any], *, masked: bool) -> dict[str, Any]:
    content = {name: row[name] for name in _FIELDS}
    if masked:
        spec = entities.get(row["entity"])
        content.update({side: masked_document(spec, row[side]) for side in ("before", "after")})
    return {**content, "masked": masked}


def _row(request_id: UUID, *, lock: bool = False) -> dict[str, Any]:
    found = ChangeRequest.objects.select_for_update() if lock else ChangeRequest.objects.all()
    row: dict[str, Any] | None = found.filter(pk=request_id).order_by("pk").values(*_FIELDS).first()
    if row is None:
        raise NotFound(f"There is no change request {request_id}.")
    return row


class ChangeRequestsView(HubView):
    """Change requests, those that wait first by default."""

    operations = {
        "get": Operation(
            id="list_change_requests",
            summary="Change requests, the oldest first",
            needs=Capability.VIEW,
            answers={200: "ChangeRequests"},
            parameters=(
                Parameter(
                    "status",
                    {"type": "string", "enum": [each.value for each in RequestStatus]},
                    "In this state.",
                    default=RequestStatus.PENDING.value,
                ),
                Parameter("entity", {"type": "string"}, "Of this entity."),
                Parameter("record", {"type": "string", "format": "uuid"}, "Of this golden record."),
                LIMIT,
                CURSOR,
            ),
        )
    }

    def get(self, request: Request) -> HttpResponse:
        given = self.given
        purpose = ["change requests", given["status"], given["entity"], given["record"]]
        found = ChangeRequest.objects.filter(status=given["status"]).order_by("pk")
        if given["entity"]:
            found = found.filter(entity=given["entity"])
        if given["record"]:
            found = found.filter(record_id=given["record"])
        if given["cursor"]:
            found = found.filter(pk__gt=UUID(unseal(purpose, given["cursor"])[0]))
        rows = list(found.values(*_FIELDS)[: given["limit"] + 1])
        page = rows[: given["limit"]]
        masked = not sees_personal(self.principal)
        more = seal(purpose, [str(page[-1]["id"])]) if len(rows) > len(page) else None
        return json_response({"results": [_content(row, masked=masked) for row in page], "next": more})


class ChangeRequestView(HubView):
    """One change request."""

    operations = {
        "get": Operation(
            id="get_change_request",
            summary="One change request",
            needs=Capability.VIEW,
            answers={200: "ChangeRequest"},
            conditional=True,
        )
    }

    def get(self, request: Request, request_id: UUID) -> HttpResponse:
        row = _row(request_id)
        content = _content(row, masked=not sees_personal(self.principal))
        return answer_unless_unchanged(request, etag=_etag(row), content=content)


class AnswerView(HubView):
    """Base of the two answers an approver may give."""

    verb: Callable[..., ChangeRequest]

    @transaction.atomic
    def _answer(self, request_id: UUID, reason: str, if_match: str | None, now: datetime) -> None:
        take_turn()  # before the lock, as whoever decides on records does: they close requests too
        row = _row(request_id, lock=True)
        if if_match and if_match != "*" and _etag(row) not in [tag.strip() for tag in if_match.split(",")]:
            raise Stale(f"It is {row['status']} now; read it again.")
        type(self).verb(request_id=request_id, reason=reason, now=now)

    def post(self, request: Request, request_id: UUID) -> HttpResponse:
        reason = self.body(request).get("reason", "")
        with self.act(reason or f"POST {request.path}"):
            self._answer(request_id, reason, request.headers.get("If-Match"), utcnow())
        row = _row(request_id)
        response = json_response(_content(row, masked=not sees_personal(self.principal)))
        response["ETag"] = _etag(row)
        return response


class ApproveView(AnswerView):
    """Approve a change request."""

    verb = approve_request
    operations = {
        "post": Operation(
            id="approve_change_request",
            summary="Approve: the change is applied at once",
            description="Never by whoever asked for it.",
            needs=Capability.APPROVE,
            body="Approval",
            answers={200: "ChangeRequest"},
            problems=(409, 412),
            headers=("If-Match",),
        )
    }


class RejectView(AnswerView):
    """Reject a change request."""

    verb = reject_request
    operations = {
        "post": Operation(
            id="reject_change_request",
            summary="Reject: the golden record stays as it is",
            description="Never by whoever asked for it.",
            needs=Capability.APPROVE,
            body="Rejection",
            answers={200: "ChangeRequest"},
            problems=(409, 412),
            headers=("If-Match",),
        )
    }
