"""Golden documents: read typed rows and their items as canonical JSON, in one query per table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from uuid import UUID

from django.apps import apps
from django.db import models
from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.models import GoldenEntity, GoldenItem
from apps.golden.spec import Attribute, Collection, Document, EntitySpec, Kind

_AS_TEXT = {Kind.MONEY, Kind.DATE, Kind.REFERENCE}


@lru_cache(maxsize=256)
def typed_model(spec: EntitySpec) -> type[GoldenEntity]:
    return cast(type[GoldenEntity], apps.get_model(spec.model))


@lru_cache(maxsize=256)
def item_model(collection: Collection) -> type[GoldenItem]:
    return cast(type[GoldenItem], apps.get_model(collection.model))


def column_of(model: type[models.Model], name: str) -> str:
    """Return the database column of a field (`customer` is stored in `customer_id`)."""
    return cast(str, cast("models.Field[object, object]", model._meta.get_field(name)).column)


def select_list(model: type[models.Model], attributes: Sequence[Attribute]) -> sql.Composable:
    """Return the select list that yields JSON-able values: decimals, dates and ids as text."""
    parts: list[sql.Composable] = []
    for attribute in attributes:
        column = sql.Identifier(column_of(model, attribute.name))
        if attribute.kind is Kind.TIMESTAMP:
            parts.append(
                sql.SQL("to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')").format(column)
            )
        elif (
            attribute.kind is Kind.DECIMAL
        ):  # without trailing zeros, as standardized: equal values compare equal
            parts.append(sql.SQL("trim_scale({})::text").format(column))
        elif attribute.kind in _AS_TEXT:
            parts.append(sql.SQL("{}::text").format(column))
        else:
            parts.append(column)
    return sql.SQL(", ").join(parts)


@dataclass(frozen=True, slots=True)
class StoredHeader:
    """The status and version of a golden record as they are stored."""

    status: str
    version: int


def load_headers(ids: Iterable[UUID], *, lock: bool) -> dict[UUID, StoredHeader]:
    """Return the headers of these golden records.

    `lock` takes the rows FOR NO KEY UPDATE in id order: two planners never interleave, while rows that only refer to
    a header (foreign keys) need not wait.
    """
    locking = " FOR NO KEY UPDATE" if lock else ""
    with raw_cursor() as cursor:
        cursor.execute(
            f"SELECT id, status, version FROM golden_goldenrecord WHERE id = ANY(%s) ORDER BY id{locking}",
            (sorted(set(ids)),),
        )
        return {record: StoredHeader(status, version) for record, status, version in cursor}


def load_documents(spec: EntitySpec, ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Return the documents of these golden records, without empty attributes; `provenance` is a member."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    names = [attribute.name for attribute in spec.attributes]
    documents: dict[UUID, Document] = {}
    own, items = _selections(spec)
    with raw_cursor() as cursor:
        cursor.execute(own, (wanted,))
        for record_id, provenance, *values in cursor:
            document = {name: value for name, value in zip(names, values, strict=True) if value is not None}
            document["provenance"] = provenance
            documents[record_id] = document
        for collection, selection in zip(spec.collections, items, strict=True) if documents else ():
            columns = [column.name for column in collection.columns]
            cursor.execute(selection, (wanted,))
            for record_id, *values in cursor:
                item = {name: value for name, value in zip(columns, values, strict=True) if value is not None}
                documents[record_id].setdefault(collection.name, []).append(item)
    for document in documents.values():
        for collection in spec.collections:
            if collection.name in document:
                document[collection.name].sort(key=collection.identity_of)
    return documents


@lru_cache(maxsize=64)
def _selections(spec: EntitySpec) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the statements that read the typed rows and the items of each collection, for an array of ids."""
    statement = sql.SQL("SELECT record_id, {} FROM {} WHERE record_id = ANY(%s)")
    model = typed_model(spec)
    columns = sql.SQL("provenance, {}").format(select_list(model, spec.attributes))
    items = (
        (select_list(item_model(each), each.columns), item_model(each)._meta.db_table)
        for each in spec.collections
    )
    return statement.format(columns, sql.Identifier(model._meta.db_table)).as_bytes(None), tuple(
        statement.format(listed, sql.Identifier(table)).as_bytes(None) for listed, table in items
    )


def follow_reference(spec: EntitySpec, attribute: str, ids: Iterable[str]) -> dict[str, str]:
    """Return, by golden id, the golden id that a reference attribute of those records holds."""
    model = typed_model(spec)
    with raw_cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "SELECT record_id::text, {column}::text FROM {table} WHERE record_id = ANY(%s::uuid[])"
                " AND {column} IS NOT NULL"
            ).format(
                column=sql.Identifier(column_of(model, attribute)), table=sql.Identifier(model._meta.db_table)
            ),
            (sorted(set(ids)),),
        )
        return dict(cursor.fetchall())


def records_referring(spec: EntitySpec, attribute: str, ids: Iterable[UUID]) -> list[UUID]:
    """Return the golden records of `spec` whose reference attribute holds one of these ids."""
    model = typed_model(spec)
    with raw_cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT record_id FROM {} WHERE {} = ANY(%s)").format(
                sql.Identifier(model._meta.db_table), sql.Identifier(column_of(model, attribute))
            ),
            (list(ids),),
        )
        return [record for (record,) in cursor]


def records_with_item_referring(collection: Collection, column: str, ids: Iterable[UUID]) -> list[UUID]:
    """Return the golden records that have an item whose reference column holds one of these ids."""
    model = item_model(collection)
    with raw_cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT DISTINCT record_id FROM {} WHERE {} = ANY(%s)").format(
                sql.Identifier(model._meta.db_table), sql.Identifier(column_of(model, column))
            ),
            (list(ids),),
        )
        return [record for (record,) in cursor]
