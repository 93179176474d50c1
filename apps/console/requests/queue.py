"""Reads on change requests: the queue by due time, and one request with its differences."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from apps.console.differences import Compared, compare_texts
from apps.console.golden.values_tab import Origin, origin_of
from apps.console.masking import Sight
from apps.console.values import Names, altered, names_of, reference_ids
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.stewardship.models import ChangeRequest, RequestStatus

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests a list shows; `after` is (due_at, id) of the last one seen."""

    status: str = RequestStatus.PENDING
    entity: str = ""
    group: str = ""
    whose: str = ""
    overdue: bool = False
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a request: before and after in pieces, and where the old and the new one come from."""

    compared: Compared
    origin_before: Origin | None
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Queued:
    """One line of the queue."""

    request: ChangeRequest
    title: str
    changes: list[tuple[str, str, str]]
    own: bool
    overdue: bool


def requests_of(wanted: Wanted, *, user_id: int | None, now: datetime) -> QuerySet[ChangeRequest]:
    rows = ChangeRequest.objects.select_related("record").order_by("due_at", "id")
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.entity:
        rows = rows.filter(entity=wanted.entity)
    if wanted.group:
        rows = rows.filter(group=wanted.group)
    if wanted.whose == "mine":
        rows = rows.filter(requested_by_id=user_id)
    if wanted.whose == "others":
        rows = rows.exclude(requested_by_id=user_id, requested_by_id__isnull=False)
    if wanted.overdue:
        rows = rows.filter(due_at__lt=now)
    if wanted.after:
        due_at, pk = wanted.after
        rows = rows.filter(Q(due_at__gt=due_at) | Q(due_at=due_at, id__gt=pk))
    return rows


def queue_page(
    wanted: Wanted, *, clear: bool, user_id: int | None, now: datetime
) -> tuple[list[Queued], bool]:
    """Return one page, the first due first, and whether there is another; two statements."""
    rows = list(requests_of(wanted, user_id=user_id, now=now)[: PAGE + 1])
    page = rows[:PAGE]
    names = _names(page, clear=clear)
    return [_queued(row, names, clear=clear, user_id=user_id, now=now) for row in page], len(rows) > PAGE


def _names(rows: Iterable[ChangeRequest], *, clear: bool) -> Names:
    ids: set[str] = set()
    for row in rows:
        ids |= reference_ids(entity(row.entity), row.before, row.after)
    return names_of(ids, clear=clear)


def _queued(row: ChangeRequest, names: Names, *, clear: bool, user_id: int | None, now: datetime) -> Queued:
    sight = Sight(entity(row.entity), clear)
    changes = [
        (each.title, each.before, each.after)
        for name in row.after
        for each in altered(sight, name, row.before.get(name), row.after.get(name), names)
    ]
    pending = row.status == RequestStatus.PENDING
    return Queued(
        request=row,
        title=sight.title(row.record.title),
        changes=changes,
        own=is_own(row, user_id),
        overdue=pending and row.due_at < now,
    )


def is_own(request: ChangeRequest, user_id: int | None) -> bool:
    """Tell whether this user asked for it, and so must not answer it."""
    return request.requested_by_id is not None and request.requested_by_id == user_id


def differences_of(request: ChangeRequest, sight: Sight, provenance: Mapping[str, Any]) -> list[Difference]:
    """Return what a request would change, value by value; `provenance` is the golden record's as it is now."""
    names = _names([request], clear=sight.clear)
    pending = request.status == RequestStatus.PENDING
    return [
        Difference(
            compared=compare_texts(each.title, each.before, each.after),
            origin_before=origin_of(provenance.get(each.path)) if pending and each.before else None,
            origin=origin_of(request.provenance.get(each.path)),
        )
        for name in request.after
        for each in altered(
            sight, name, request.before.get(name), request.after.get(name), names, everything=True
        )
    ]


def find_request(pk: UUID) -> ChangeRequest | None:
    return ChangeRequest.objects.select_related("record").filter(pk=pk).first()


def neighbour(request: ChangeRequest) -> ChangeRequest | None:
    """Return the pending request that is due next after this one."""
    later = Q(due_at__gt=request.due_at) | Q(due_at=request.due_at, id__gt=request.pk)
    waiting = ChangeRequest.objects.filter(status=RequestStatus.PENDING).order_by("due_at", "id")
    return waiting.filter(later).first() or waiting.exclude(pk=request.pk).first()


def group_counts() -> list[dict[str, Any]]:
    """Return how many requests wait per entity and group, most first."""
    rows = ChangeRequest.objects.filter(status=RequestStatus.PENDING).order_by()
    counted = rows.values("entity", "group").annotate(count=Count("pk")).order_by("-count", "entity", "group")
    return [dict(row) for row in counted]


def spec_of(request: ChangeRequest) -> EntitySpec:
    return entity(request.entity)
