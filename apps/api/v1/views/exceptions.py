"""Exception tasks: invariants that records break, with the money at risk; resolved, waived, given to somebody."""

from collections.abc import Callable
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.roles import Capability
from apps.api.base import HubView, answer_unless_unchanged, json_response
from apps.api.cursors import seal, unseal
from apps.api.operations import Operation
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.api.v1.views.requests import Stale
from apps.core.clock import utcnow
from apps.core.errors import NotFound
from apps.core.json import dumps
from apps.mastering.services import take_turn
from apps.stewardship.invariants import invariants
from apps.stewardship.models import ExceptionStatus, ExceptionTask
from apps.stewardship.services import assign_exception, resolve_exception, waive_exception

_FIELDS = (
    "id", "invariant", "number", "entity", "record_id", "key", "severity", "holds", "message", "currency", "owner",
    "assignee", "status", "opened_at", "due_at", "closed_at", "closed_by", "reason",
)  # fmt: skip
_FILTERS = ("invariant", "entity", "owner", "assignee", "severity")


def _content(task: ExceptionTask) -> dict[str, Any]:
    rule = invariants.get(task.invariant) if task.invariant in invariants else None
    return {
        **{name: getattr(task, name) for name in _FIELDS},
        "title": rule.title if rule else task.invariant,
        "money": None if task.money is None else format(task.money, "f"),
    }


def _etag(task: ExceptionTask) -> str:
    return f'"{blake2b(dumps(_content(task)), digest_size=8).hexdigest()}"'


def _task(task_id: UUID, *, lock: bool = False) -> ExceptionTask:
    found = ExceptionTask.objects.select_for_update() if lock else ExceptionTask.objects.all()
    task = found.filter(pk=task_id).first()
    if task is None:
        raise NotFound(f"There is no exception task {task_id}.")
    return task


def _at_risk(tasks: QuerySet[ExceptionTask]) -> list[dict[str, Any]]:
    sums = tasks.exclude(money=None).order_by().values_list("currency").annotate(Sum("money"), Count("pk"))
    ranked = sorted(sums, key=lambda row: (-row[1], row[0]))
    return [{"currency": c, "money": format(total, "f"), "tasks": count} for c, total, count in ranked]


class ExceptionsView(HubView):
    """Exception tasks, those that are open by default."""

    operations = {
        "get": Operation(
            id="list_exceptions",
            summary="Exception tasks, the first due first, and the money at risk in all of them",
            needs=Capability.VIEW,
            answers={200: "ExceptionTasks"},
            parameters=(
                Parameter(
                    "status",
                    {"type": "string", "enum": [each.value for each in ExceptionStatus]},
                    "In this state.",
                    default=ExceptionStatus.OPEN.value,
                ),
                Parameter("invariant", {"type": "string"}, "Of this rule."),
                Parameter("entity", {"type": "string"}, "Of records of this entity."),
                Parameter("owner", {"type": "string"}, "Where it is this role's turn."),
                Parameter("assignee", {"type": "string"}, "That this person sees to."),
                Parameter("severity", {"type": "string", "enum": ["block", "warn"]}, "Of this weight."),
                Parameter("record", {"type": "string", "format": "uuid"}, "Of this golden record."),
                LIMIT,
                CURSOR,
            ),
        )
    }

    def get(self, request: Request) -> HttpResponse:
        given = self.given
        chosen = {name: given[name] for name in _FILTERS if given[name]}
        if given["record"]:
            chosen["record_id"] = given["record"]
        purpose = [
            "exceptions",
            given["status"],
            sorted((name, str(value)) for name, value in chosen.items()),
        ]
        tasks = ExceptionTask.objects.filter(status=given["status"], **chosen)
        page = tasks.order_by("due_at", "id")
        if given["cursor"]:
            due, last = unseal(purpose, given["cursor"])
            at = datetime.fromisoformat(due)
            page = page.filter(Q(due_at__gt=at) | Q(due_at=at, id__gt=UUID(last)))
        rows = list(page[: given["limit"] + 1])
        shown = rows[: given["limit"]]
        more = None
        if len(rows) > len(shown):
            more = seal(purpose, [shown[-1].due_at.isoformat(), str(shown[-1].pk)])
        results = [_content(task) for task in shown]
        return json_response({"results": results, "at_risk": _at_risk(tasks), "next": more})


class ExceptionView(HubView):
    """One exception task."""

    operations = {
        "get": Operation(
            id="get_exception",
            summary="One exception task",
            needs=Capability.VIEW,
            answers={200: "ExceptionTask"},
            conditional=True,
        )
    }

    def get(self, request: Request, task_id: UUID) -> HttpResponse:
        task = _task(task_id)
        return answer_unless_unchanged(request, etag=_etag(task), content=_content(task))


class ExceptionActView(HubView):
    """Base of what people do to a task."""

    verb: Callable[..., ExceptionTask]

    @transaction.atomic
    def _do(self, task_id: UUID, given: dict[str, str], if_match: str | None, now: datetime) -> None:
        take_turn()  # before the lock, as whoever decides on records does: they settle tasks too
        task = _task(task_id, lock=True)
        if if_match and if_match != "*" and _etag(task) not in [tag.strip() for tag in if_match.split(",")]:
            raise Stale(f"It is {task.status} now, or says something else; read it again.")
        type(self).verb(task_id=task_id, now=now, **given)

    def post(self, request: Request, task_id: UUID) -> HttpResponse:
        given = {**self.missing(), **self.body(request)}
        with self.act(given.get("reason") or f"POST {request.path}"):
            self._do(task_id, given, request.headers.get("If-Match"), utcnow())
        task = _task(task_id)
        response = json_response(_content(task))
        response["ETag"] = _etag(task)
        return response

    def missing(self) -> dict[str, str]:
        """Return what a body may leave out."""
        return {}


def _act(name: str, summary: str, description: str, needs: Capability, body: str) -> dict[str, Operation]:
    return {
        "post": Operation(
            id=name,
            summary=summary,
            description=description,
            needs=needs,
            body=body,
            answers={200: "ExceptionTask"},
            problems=(409, 412),
            headers=("If-Match",),
        )
    }


class WaiveExceptionView(ExceptionActView):
    """Let a breach be."""

    verb = waive_exception
    operations = _act(
        "waive_exception",
        "Waive: the breach is let be, with a reason",
        "It opens again when something about it changes.",
        Capability.APPROVE,
        "Waiver",
    )


class ResolveExceptionView(ExceptionActView):
    """Say that a breach is mended."""

    verb = resolve_exception
    operations = _act(
        "resolve_exception",
        "Resolve: the rule is checked now, and the task closed if the data agree",
        "409 `exception_still_broken` where they do not. A task no rule can check (`number` 0) is closed on an"
        " approver's word, with a reason.",
        Capability.DECIDE,
        "Resolution",
    )

    def missing(self) -> dict[str, str]:
        return {"reason": ""}


class AssignExceptionView(ExceptionActView):
    """Give a task to somebody."""

    verb = assign_exception
    operations = _act(
        "assign_exception",
        "Assign: a steward or approver sees to it",
        "An empty user name takes it from whoever had it.",
        Capability.DECIDE,
        "Assignment",
    )
