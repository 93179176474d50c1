"""Post records, follow a load, correct and replay what was rejected."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, json_response
from apps.api.cursors import seal, unseal
from apps.api.idempotency import checked_key, do_once, fingerprint
from apps.api.masking import sees_personal
from apps.api.operations import Operation
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.api.v1.landing import (
    LOAD_FIELDS,
    ROW_FIELDS,
    kick_pipeline,
    land,
    load_content,
    refuse_long_wait,
    rejected_content,
    run_and_tell,
)
from apps.core.clock import utcnow
from apps.core.errors import NotFound
from apps.sources.models import Load, RejectedRow
from apps.sources.services import replay_rejected_rows

RECORDS_PER_REQUEST = 200
_ROW_STATUS = {"type": "string", "enum": [each.value for each in RejectedRow.Status]}
_WAIT = Parameter(
    "wait",
    {"type": "boolean"},
    "Run the pipeline before answering and tell the golden ids; at most 1,000 records.",
    default=False,
)


class PostRecordsView(HubView):
    """Land records of a source system."""

    operations = {
        "post": Operation(
            id="post_records",
            summary="Land up to 10,000 records of a source system",
            description="Rows that cannot be landed are kept as rejected rows of the load; the others go on. The same"
            " key and content sent again within 24 hours is answered with what happened the first time.",
            needs=Capability.POST_RECORDS,
            body="Records",
            answers={201: "Posted"},
            problems=(404, 409),
            parameters=(_WAIT,),
            headers=("Idempotency-Key",),
        )
    }

    def post(self, request: Request) -> HttpResponse:
        key = checked_key(request.headers.get("Idempotency-Key"))
        asked: Mapping[str, Any] = self.body(request)
        records, wait = asked["records"], self.given["wait"]
        if wait:
            refuse_long_wait(len(records))
        self.charge(len(records) // RECORDS_PER_REQUEST)
        now = utcnow()
        print_ = fingerprint(b"POST", request.path.encode(), request._request.body)
        with self.act(f"POST {request.path}"):
            done = do_once(
                user_id=self.principal.user_id,
                key=key,
                asked=print_,
                now=now,
                effect=lambda: land(
                    layout=asked["layout"], mode=asked["mode"], records=records, origin=request.path, now=now
                ),
            )
            content = run_and_tell(done.content) if wait else done.content
        response = json_response(content, status=done.status)
        response["Location"] = done.location
        if done.repeated:
            response["Idempotent-Replayed"] = "true"
        return response


class LoadsView(HubView):
    """Loads, the newest first."""

    operations = {
        "get": Operation(
            id="list_loads",
            summary="Loads, the newest first",
            needs=Capability.VIEW,
            answers={200: "Loads"},
            parameters=(
                Parameter("system", {"type": "string"}, "Only loads of this source system."),
                LIMIT,
                CURSOR,
            ),
        )
    }

    def get(self, request: Request) -> HttpResponse:
        loads = Load.objects.order_by("-pk")
        if self.given["system"]:
            loads = loads.filter(system_id=self.given["system"])
        purpose = ["loads", self.given["system"]]
        rows, more = _page(loads, LOAD_FIELDS, purpose, self.given, descending=True)
        return json_response({"results": [load_content(row) for row in rows], "next": more})


class LoadView(HubView):
    """One load."""

    operations = {
        "get": Operation(
            id="get_load",
            summary="What became of a load",
            needs=Capability.VIEW,
            answers={200: "Load"},
        )
    }

    def get(self, request: Request, load_id: UUID) -> HttpResponse:
        row = Load.objects.filter(pk=load_id).values(*LOAD_FIELDS).first()
        if row is None:
            raise NotFound(f"There is no load {load_id}.")
        return json_response(load_content(row))


class RejectedRowsView(HubView):
    """Rejected rows of a load."""

    operations = {
        "get": Operation(
            id="list_rejected_rows",
            summary="Rows of a load that could not be landed, and why",
            needs=Capability.VIEW,
            answers={200: "RejectedRows"},
            parameters=(Parameter("status", _ROW_STATUS, "Only rows in this state."), LIMIT, CURSOR),
        )
    }

    def get(self, request: Request, load_id: UUID) -> HttpResponse:
        load = Load.objects.filter(pk=load_id).only("actor").first()
        if load is None:
            raise NotFound(f"There is no load {load_id}.")
        found = RejectedRow.objects.filter(load=load).order_by("pk")
        if self.given["status"]:
            found = found.filter(status=self.given["status"])
        purpose = ["rejected", str(load_id), self.given["status"]]
        rows, more = _page(found, ROW_FIELDS, purpose, self.given, descending=False)
        hidden = not sees_personal(self.principal) and load.actor != self.principal.username
        results = [rejected_content(row, hidden=hidden) for row in rows]
        return json_response({"results": results, "next": more})


class ReplayView(HubView):
    """Land a rejected row again."""

    operations = {
        "post": Operation(
            id="replay_rejected_row",
            summary="Land a rejected row again, corrected or as it came",
            description="A row that is still bad becomes a new rejected row with its new reason.",
            needs=Capability.DECIDE,
            body="Correction",
            answers={200: "Replayed"},
            problems=(409,),
        )
    }

    def post(self, request: Request, row_id: UUID) -> HttpResponse:
        corrected = self.body(request).get("corrected")
        if not RejectedRow.objects.filter(pk=row_id).exists():
            raise NotFound(f"There is no rejected row {row_id}.")
        with self.act(f"POST {request.path}"), transaction.atomic():
            landed = replay_rejected_rows(
                row_ids=[row_id], now=utcnow(), corrected={row_id: corrected} if corrected else None
            )
            kick_pipeline()
        row = RejectedRow.objects.filter(pk=row_id).values(*ROW_FIELDS).get()
        counts = {name: getattr(landed.counts, name) for name in LOAD_FIELDS[-7:]}
        shown = rejected_content(row, hidden=not sees_personal(self.principal))
        return json_response({"row": shown, **counts})


def _page(
    found: "QuerySet[Any]",
    names: tuple[str, ...],
    purpose: list[Any],
    given: Mapping[str, Any],
    *,
    descending: bool,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the rows of a page by primary key, and the cursor of the next one."""
    if given["cursor"]:
        [after] = unseal(purpose, given["cursor"])
        found = found.filter(**{"pk__lt" if descending else "pk__gt": UUID(after)})
    rows = list(found.values(*names)[: given["limit"] + 1])
    page = rows[: given["limit"]]
    return page, seal(purpose, [str(page[-1]["id"])]) if len(rows) > len(page) else None
