"""History of one golden record: revisions with who, when, why and what changed, items of child tables included."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import Cursor, sql

from apps.api.masking import has_personal_title, masked_value
from apps.api.v1.record_sql import key_column, values_json
from apps.core.bulk import raw_cursor
from apps.golden.documents import item_model, typed_model
from apps.golden.models import RecordStatus
from apps.golden.spec import Attribute, EntitySpec

Moment = tuple[datetime, UUID]
"""What the rows that one deed wrote have in common: its time and its correlation id."""

_SPINE = """
    SELECT history_id, history_date, correlation_id, history_type, actor, history_user_id, history_change_reason,
        version, status, merged_into_id, title, quality
    FROM golden_historicalgoldenrecord WHERE id = %s AND entity = %s AND history_id < %s
    ORDER BY history_id DESC LIMIT %s
"""


def revisions_of(
    spec: EntitySpec, record_id: UUID, *, before: int, limit: int, masked: bool
) -> tuple[list[dict[str, Any]], int | None]:
    """Return up to `limit` revisions, the newest first, and the history id to go on before.

    One statement for the header and one per table, whatever the length of the history.
    """
    with raw_cursor() as cursor:
        cursor.execute(_SPINE, (record_id, spec.name, before, limit + 1))
        rows = cursor.fetchall()
        page = rows[:limit]
        if not page:
            return [], None
        window = (min(row[1] for row in page), max(row[1] for row in page))
        changes = _changes(cursor, spec, record_id, window, masked=masked)
    told: set[Moment] = set()
    revisions = []
    for row in page:
        moment = (row[1], row[2])
        # A deed that wrote the header twice tells its changes with the newest of the two.
        revisions.append(
            _revision(spec, row, [] if moment in told else changes.get(moment, []), masked=masked)
        )
        told.add(moment)
    return revisions, page[-1][0] if len(rows) > len(page) else None


def _revision(
    spec: EntitySpec, row: Sequence[Any], changes: list[dict[str, Any]], *, masked: bool
) -> dict[str, Any]:
    _, at, correlation, mark, actor, user_id, reason, version, status, merged_into, title, quality = row
    return {
        "at": at,
        "kind": _kind(mark, status, changes),
        "version": version,
        "actor": actor,
        "user_id": user_id,
        "reason": reason,
        "correlation_id": correlation,
        "title": None if masked and has_personal_title(spec) else title,
        "record_status": status,
        "merged_into": merged_into,
        "quality": quality,
        "changes": changes,
    }


def _kind(mark: str, status: str, changes: Sequence[Any]) -> str:
    if mark == "+":
        return "created"
    if status == RecordStatus.MERGED:
        return "merged"
    if status == RecordStatus.RETIRED:
        return "retired"
    return "updated" if changes else "requalified"


def _changes(
    cursor: Cursor[Any], spec: EntitySpec, record_id: UUID, window: tuple[datetime, datetime], *, masked: bool
) -> dict[Moment, list[dict[str, Any]]]:
    found: dict[Moment, list[dict[str, Any]]] = {}
    change: dict[str, Any]
    for at, correlation, before, after in _steps(
        cursor, typed_model(spec), spec.attributes, record_id, window
    ):
        found.setdefault((at, correlation), []).extend(
            {"attribute": name, "before": old, "after": new} for name, old, new in _differences(before, after)
        )
    for collection in spec.collections:
        model = item_model(collection)
        for at, correlation, before, after in _steps(cursor, model, collection.columns, record_id, window):
            if before != after:
                change = {"attribute": collection.name, "before": before, "after": after}
                found.setdefault((at, correlation), []).append(change)
    if masked:
        for change in (each for changes in found.values() for each in changes):
            for side in ("before", "after"):
                change[side] = masked_value(spec, change["attribute"], change[side])
    return found


def _differences(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Iterable[tuple[str, Any, Any]]:
    old, new = before or {}, after or {}
    for name in new or old:
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)


def _steps(
    cursor: Cursor[Any],
    model: type[models.Model],
    attributes: Sequence[Attribute],
    record_id: UUID,
    window: tuple[datetime, datetime],
) -> list[tuple[datetime, UUID, dict[str, Any] | None, dict[str, Any] | None]]:
    """Return time, correlation id, values before and values after of each history row inside the window."""
    cursor.execute(
        sql.SQL(
            "SELECT history_date, correlation_id, before, CASE WHEN history_type <> '-' THEN after END FROM ("
            " SELECT history_id, history_date, correlation_id, history_type, after,"
            "  lag(CASE WHEN history_type <> '-' THEN after END) OVER (PARTITION BY row_key ORDER BY history_id) before"
            "  FROM (SELECT history_id, history_date, correlation_id, history_type, {key} AS row_key, {values} AS after"
            "   FROM {table} e WHERE record_id = %s) r) s"
            " WHERE history_date BETWEEN %s AND %s ORDER BY history_id"
        ).format(
            key=sql.Identifier(key_column(model)),
            values=values_json(model, "e", attributes),
            table=sql.Identifier(model.history.model._meta.db_table),  # type: ignore[attr-defined]  # simple_history
        ),
        (record_id, *window),
    )
    return cursor.fetchall()
