"""The history of a golden record: what one deed wrote, told as one revision with the fields that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import models
from psycopg import Cursor, sql

from apps.console.masking import Sight
from apps.console.values import altered, names_of
from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import Attribute, EntitySpec

SHOWN = 40

_HEADERS = """
    SELECT history_date, correlation_id, history_type, actor, history_change_reason, version, status, quality
    FROM golden_historicalgoldenrecord WHERE id = %s AND history_date < %s
    ORDER BY history_date DESC, history_id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One attribute, or one item of a collection, before and after as text."""

    title: str
    before: str
    after: str


@dataclass(slots=True)
class Revision:
    """What one deed did to the record."""

    at: datetime
    correlation_id: UUID
    kind: str
    actor: str
    reason: str
    version: int
    quality: int
    changes: list[FieldChange] = field(default_factory=list)


def revisions_of(
    spec: EntitySpec, record_id: UUID, sight: Sight, *, before: datetime
) -> tuple[list[Revision], bool]:
    """Return revisions older than a moment, the newest first, and whether there are older ones still.

    One statement for the header, one per table of the entity and one for the names of referred records.
    """
    with raw_cursor() as cursor:
        cursor.execute(_HEADERS, (record_id, before, SHOWN + 1))
        rows = cursor.fetchall()
        if not rows:
            return [], False
        window = (rows[min(SHOWN, len(rows)) - 1][0], rows[0][0])
        steps = list(_all_steps(cursor, spec, record_id, window))
    revisions: dict[datetime, Revision] = {}  # all rows of one deed carry its time
    for at, correlation, mark, actor, reason, version, status, quality in rows[:SHOWN]:
        kind = "created" if mark == "+" else status if status != "live" else "changed"
        revisions.setdefault(at, Revision(at, correlation, kind, actor, reason or "", version, quality))
    names = names_of(_ids_in(spec, steps), clear=sight.clear)
    for moment, name, old, new in steps:
        if moment not in revisions:
            continue
        told = altered(sight, name, old, new, names)
        revisions[moment].changes.extend(FieldChange(each.title, each.before, each.after) for each in told)
    return list(revisions.values()), len(rows) > SHOWN


Step = tuple[datetime, str, Any, Any]


def _all_steps(
    cursor: Cursor[Any], spec: EntitySpec, record_id: UUID, window: tuple[datetime, datetime]
) -> Iterable[Step]:
    for moment, old, new in _steps(cursor, typed_model(spec), spec.attributes, record_id, window):
        for attribute in spec.attributes:
            before, after = (old or {}).get(attribute.name), (new or {}).get(attribute.name)
            if before != after:
                yield moment, attribute.name, before, after
    for collection in spec.collections:
        for moment, old, new in _steps(cursor, item_model(collection), collection.columns, record_id, window):
            if old != new:
                yield moment, collection.name, [old] if old else None, [new] if new else None


def _steps(
    cursor: Cursor[Any],
    model: type[models.Model],
    attributes: Sequence[Attribute],
    record_id: UUID,
    window: tuple[datetime, datetime],
) -> list[tuple[datetime, Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Return (time, values before, values after) of each history row of a table within the window."""
    history = cast(Any, model).history.model
    pairs = [
        sql.SQL("{}, e.{}").format(sql.Literal(each.name), sql.Identifier(column_of(model, each.name)))
        for each in attributes
    ]
    cursor.execute(
        sql.SQL(
            "SELECT history_date, before, CASE WHEN history_type <> '-' THEN after END FROM ("
            " SELECT history_id, history_date, history_type, after,"
            "  lag(CASE WHEN history_type <> '-' THEN after END) OVER (PARTITION BY row_key ORDER BY history_id)"
            "   AS before"
            "  FROM (SELECT history_id, history_date, history_type, {key} AS row_key,"
            "   jsonb_strip_nulls(jsonb_build_object({pairs})) AS after FROM {table} e WHERE record_id = %s) r) s"
            " WHERE history_date BETWEEN %s AND %s ORDER BY history_id"
        ).format(
            key=sql.Identifier(str(model._meta.pk.column)),
            pairs=sql.SQL(", ").join(pairs),
            table=sql.Identifier(history._meta.db_table),
        ),
        (record_id, *window),
    )
    return cursor.fetchall()


def _ids_in(spec: EntitySpec, steps: Iterable[Step]) -> set[str]:
    own = {attribute.name for attribute in spec.references()}
    columns = {(collection.name, column.name) for collection, column in spec.item_references()}
    found: set[str] = set()
    for _, name, old, new in steps:
        for value in (old, new):
            if name in own and value:
                found.add(str(value))
            elif isinstance(value, list):
                found |= {str(v) for item in value for c, v in item.items() if (name, c) in columns and v}
    return found
