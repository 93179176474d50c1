"""Reads for the landing screens; each a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from apps.console.paging import COUNTED, uuid_of
from apps.sources.models import Load, RejectedRow, SourceRecord


def rejected_rows(query: Mapping[str, str]) -> QuerySet[RejectedRow]:
    """Return the rejected rows a query string asks for: open ones unless it says otherwise."""
    status = query.get("status", RejectedRow.Status.OPEN)
    wanted: dict[str, Any] = {
        "status": status if status in RejectedRow.Status.values else "",
        "load__layout": query.get("layout", ""),
        "code": query.get("code", ""),
        "load_id": uuid_of(query.get("load", "")),
    }
    return RejectedRow.objects.filter(**{name: value for name, value in wanted.items() if value})


@dataclass(frozen=True, slots=True)
class Reason:
    """Open rejected rows of one layout with one code."""

    layout: str
    code: str
    count: int


def open_reasons() -> list[Reason]:
    """Return what open rejected rows are rejected for, most frequent first."""
    rows = (
        RejectedRow.objects.filter(status=RejectedRow.Status.OPEN)
        .values_list("load__layout", "code")
        .annotate(count=Count("pk"))
        .order_by("-count", "load__layout", "code")
    )
    return [Reason(*row) for row in rows]


def reasons_of(load: Load) -> list[tuple[str, str, int]]:
    """Return (code, status, count) of a load's rejected rows, most frequent first."""
    rows = load.rejected_rows.values_list("code", "status").annotate(count=Count("pk"))
    return list(rows.order_by("-count", "code"))


def loads(query: Mapping[str, str]) -> QuerySet[Load]:
    wanted = {name: query.get(name, "") for name in ("status", "layout", "actor")}
    wanted["system_id"] = query.get("system", "")
    rows = Load.objects.filter(**{name: value for name, value in wanted.items() if value})
    return rows.select_related("system")


def records_of(load: Load, *, after: int, size: int) -> list[SourceRecord]:
    """Return source records whose present content came with this load, by row number."""
    rows = SourceRecord.objects.filter(load=load, row_number__gt=after)
    return list(rows.select_related("crosswalk__record").order_by("row_number", "pk")[:size])


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reference that no crosswalk answers; `record_id` is the golden record of whoever waits."""

    system: str
    entity: str
    key: str
    path: str
    target_system: str
    target_entity: str
    target_key: str
    since: Any
    record_id: Any


_UNANSWERED = """
FROM sources_reference r JOIN sources_sourcerecord s ON s.id = r.source_record_id
WHERE NOT EXISTS (SELECT 1 FROM sources_crosswalk c WHERE c.system_id = r.target_system
    AND c.entity = r.target_entity AND c.key = r.target_key)
"""
_WAITING = f"""
SELECT w.*, c.record_id FROM (
    SELECT s.system_id, s.entity, s.key, r.path, r.target_system, r.target_entity, r.target_key, s.changed_at
    {_UNANSWERED}
    AND (%(system)s = '' OR r.target_system = %(system)s) AND (%(entity)s = '' OR r.target_entity = %(entity)s)
    AND (%(key)s = '' OR r.target_key = %(key)s)
    ORDER BY r.id LIMIT %(size)s
) w LEFT JOIN sources_crosswalk c ON c.system_id = w.system_id AND c.entity = w.entity AND c.key = w.key
ORDER BY w.target_system, w.target_entity, w.target_key, w.system_id, w.key
"""
_GROUPS = f"""
SELECT target_system, target_entity, count(*), count(DISTINCT target_key) FROM (
    SELECT r.target_system, r.target_entity, r.target_key {_UNANSWERED} LIMIT {COUNTED}
) w GROUP BY 1, 2 ORDER BY 3 DESC
"""


def waiting_references(query: Mapping[str, str], *, size: int) -> list[Waiting]:
    """Return up to `size` references that wait, by what they wait for."""
    values = {name: query.get(name, "") for name in ("system", "entity", "key")}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {**values, "size": size})
        return [Waiting(*row) for row in cursor.fetchall()]


def waiting_groups() -> list[tuple[str, str, int, int]]:
    """Return (system, entity, references, missing records) of what is waited for."""
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS)
        return [(system, entity, count, keys) for system, entity, count, keys in cursor.fetchall()]
