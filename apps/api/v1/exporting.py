"""All golden records of an entity as lines of JSON: keyset chunks that PostgreSQL puts together, nothing kept."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from uuid import UUID

import psycopg
from django.db import InterfaceError, OperationalError, connection
from psycopg import sql

from apps.api.v1.filters import list_conditions
from apps.api.v1.record_sql import Tables, record_json
from apps.core.bulk import raw_cursor
from apps.golden.documents import typed_model
from apps.golden.spec import EntitySpec

_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, OperationalError, InterfaceError)
CHUNK = 500
"""Records of one statement: what bounds memory, and how long a snapshot lives."""


def exported(spec: EntitySpec, given: Mapping[str, Any], *, masked: bool) -> Iterator[bytes]:
    """Yield chunks of lines, a record each, by golden id from `given["after"]` on.

    The first chunk is read before anything is returned, so that what cannot be read is an error and no cut answer.
    """
    chunks = _chunks(spec, given, masked=masked)
    return chain([next(chunks, b"")], chunks)


def _chunks(spec: EntitySpec, given: Mapping[str, Any], *, masked: bool) -> Iterator[bytes]:
    conditions = list_conditions(spec, given)
    statement = _statement(spec, [condition for condition, _ in conditions], masked=masked)
    values = [value for _, value in conditions]
    after: UUID | None = given["after"] or UUID(int=0)
    while after is not None:
        lines, last, count = _read(statement, [*values, after])
        after = last if count == CHUNK else None
        if lines:
            yield lines.encode()


def _read(statement: sql.Composed, values: list[Any]) -> tuple[Any, ...]:
    """Read a chunk, once more on a new connection where the database was away: the answer is on its way already."""
    try:
        return _fetched(statement, values)
    except _AWAY:
        if connection.in_atomic_block:
            raise
        connection.close()
    return _fetched(statement, values)


def _fetched(statement: sql.Composed, values: list[Any]) -> tuple[Any, ...]:
    with raw_cursor() as cursor:
        cursor.execute(statement, values, prepare=True)
        [(lines, last, count)] = cursor.fetchall()
    return lines, last, count


def _statement(spec: EntitySpec, conditions: list[sql.Composable], *, masked: bool) -> sql.Composed:
    return sql.SQL(
        "SELECT string_agg(r.json || E'\\n', '' ORDER BY r.id), (array_agg(r.id ORDER BY r.id DESC))[1], count(*)"
        " FROM (SELECT h.id, {json} AS json FROM (SELECT e.record_id FROM {typed} e"
        " JOIN golden_goldenrecord h ON h.id = e.record_id WHERE {conditions} AND e.record_id > %s"
        " ORDER BY e.record_id LIMIT {chunk}) p JOIN golden_goldenrecord h ON h.id = p.record_id"
        " JOIN {typed} e ON e.record_id = p.record_id) r"
    ).format(
        json=record_json(Tables(spec), masked=masked),
        typed=sql.Identifier(typed_model(spec)._meta.db_table),
        conditions=sql.SQL(" AND ").join(conditions),
        chunk=sql.Literal(CHUNK),
    )
