"""Set-based writers of golden tables with their history. Only `mastering` calls them, in its transaction."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from psycopg import Cursor, sql

from apps.audit.history import insert_with_history, write_history
from apps.core.bulk import as_json, stage_rows, upsert_rows
from apps.core.ids import derived_uuid
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.models import GoldenRecord
from apps.golden.spec import Collection, Document, EntitySpec

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a golden record as it shall be."""

    id: UUID
    title: str
    status: str
    version: int
    quality: int
    merged_into: UUID | None = None


def next_codes(cursor: Cursor[Any], spec: EntitySpec, count: int) -> list[str]:
    """Draw `count` new codes such as CUS-000042 from the sequence all entities share."""
    cursor.execute("SELECT nextval('golden_code_seq') FROM generate_series(1, %s)", (count,))
    return [f"{spec.code_prefix}-{number:06d}" for (number,) in cursor]


def write_headers(
    cursor: Cursor[Any], spec: EntitySpec, new: Sequence[Header], changed: Sequence[Header], *, now: datetime
) -> None:
    """Insert new headers with fresh codes and update changed ones; both get their history rows."""
    table = GoldenRecord._meta.db_table
    columns = ("id", "title", "status", "version", "quality", "merged_into_id", "updated_at")
    if new:
        codes = next_codes(cursor, spec, len(new))
        insert_with_history(
            cursor,
            GoldenRecord,
            (*columns, "entity", "code", "created_at"),
            ((*_header_row(h, now), spec.name, code, now) for h, code in zip(new, codes, strict=True)),
            now=now,
        )
    if changed:
        staged = stage_rows(cursor, table, columns, (_header_row(h, now) for h in changed))
        cursor.execute(
            sql.SQL(
                "UPDATE golden_goldenrecord g SET title = s.title, status = s.status, version = s.version,"
                " quality = s.quality, merged_into_id = s.merged_into_id, updated_at = s.updated_at"
                " FROM {} s WHERE g.id = s.id"
            ).format(sql.SQL(staged.source)),
            staged.given,
            prepare=staged.prepare,
        )
        write_history(cursor, GoldenRecord, [h.id for h in changed], kind="~", now=now)


def repoint_redirects(cursor: Cursor[Any], survivors: Mapping[UUID, UUID], *, now: datetime) -> None:
    """Let these merged records lead to another survivor each, with their history rows."""
    cursor.execute(
        "UPDATE golden_goldenrecord g SET merged_into_id = s.survivor"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS s(id, survivor)"
        " WHERE g.id = s.id AND g.merged_into_id <> s.survivor RETURNING g.id",
        (list(survivors), list(survivors.values())),
    )
    write_history(cursor, GoldenRecord, [record for (record,) in cursor.fetchall()], kind="~", now=now)


def _header_row(header: Header, now: datetime) -> tuple[object, ...]:
    merged_into = header.merged_into
    return (header.id, header.title[:240], header.status, header.version, header.quality, merged_into, now)


def write_documents(
    cursor: Cursor[Any],
    spec: EntitySpec,
    documents: Mapping[UUID, Document],
    *,
    now: datetime,
    new: Set[UUID] = frozenset(),
) -> None:
    """Make typed rows and items equal to these documents; rows that are equal already are not touched.

    `new` are records that have no row yet: theirs are written without a look at what is there.
    """
    known = {record: document for record, document in documents.items() if record not in new}
    if known:
        _write_rows(cursor, spec, known, now=now, fresh=False)
    if len(known) < len(documents):
        fresh = {record: document for record, document in documents.items() if record in new}
        _write_rows(cursor, spec, fresh, now=now, fresh=True)


def _write_rows(
    cursor: Cursor[Any], spec: EntitySpec, documents: Mapping[UUID, Document], *, now: datetime, fresh: bool
) -> None:
    model = typed_model(spec)
    names = [attribute.name for attribute in spec.attributes]
    rows = [
        (record_id, as_json(document.get("provenance", {})), *map(document.get, names))
        for record_id, document in documents.items()
    ]
    columns = ("record_id", "provenance", *(column_of(model, name) for name in names))
    write = insert_with_history if fresh else _upsert_with_history
    write(cursor, model, columns, rows, now=now)
    for collection in spec.collections:
        _write_items(cursor, collection, documents, now=now, fresh=fresh)


def _upsert_with_history(
    cursor: Cursor[Any], model: type[models.Model], columns: Sequence[str], rows: Rows, *, now: datetime
) -> None:
    written = upsert_rows(cursor, model._meta.db_table, columns, rows, key=(columns[0],))
    write_history(cursor, model, [key for key, inserted in written if inserted], kind="+", now=now)
    write_history(cursor, model, [key for key, inserted in written if not inserted], kind="~", now=now)


def _write_items(
    cursor: Cursor[Any],
    collection: Collection,
    documents: Mapping[UUID, Document],
    *,
    now: datetime,
    fresh: bool,
) -> None:
    model = item_model(collection)
    names = [column.name for column in collection.columns]
    columns = ("id", "record_id", *(column_of(model, name) for name in names))
    rows = [
        (item_id(record_id, collection, item), record_id, *map(item.get, names))
        for record_id, document in documents.items()
        for item in document.get(collection.name, ())
    ]
    if fresh:
        insert_with_history(cursor, model, columns, rows, now=now)
        return
    cursor.execute(
        sql.SQL("SELECT id FROM {} WHERE record_id = ANY(%s) AND NOT id = ANY(%s)").format(
            sql.Identifier(model._meta.db_table)
        ),
        (list(documents), [row[0] for row in rows]),
    )
    gone = [item for (item,) in cursor]
    if gone:
        write_history(cursor, model, gone, kind="-", now=now)
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(sql.Identifier(model._meta.db_table)), (gone,)
        )
    if rows:
        _upsert_with_history(cursor, model, columns, rows, now=now)


def item_id(record_id: UUID, collection: Collection, item: Mapping[str, Any]) -> UUID:
    """Return the id of an item: the same for the same record and identity, whenever it comes back."""
    return derived_uuid(record_id, collection.name, collection.identity_of(item))
