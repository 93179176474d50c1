"""SQL that gives golden records as they were at a time, or as they hold on a day; made for each request."""

from typing import Any
from uuid import UUID

from psycopg import sql

from apps.api.v1.record_sql import Tables, record_json
from apps.core.bulk import raw_cursor
from apps.golden.documents import typed_model

Conditions = list[tuple[sql.Composable, Any]]


def read_record_at(tables: Tables, record_id: UUID, *, masked: bool) -> str | None:
    """Return a record as JSON, None where it had no values; one that was merged away by then as its survivor then."""
    source: sql.Composable = sql.SQL("golden_goldenrecord WHERE id = %(id)s")
    if tables.as_of is not None:
        source = sql.SQL(
            "golden_historicalgoldenrecord WHERE id = %(id)s AND history_date <= {}"
            " ORDER BY history_date DESC, history_id DESC LIMIT 1"
        ).format(sql.Literal(tables.as_of))
    wanted = sql.SQL("id = (SELECT coalesce(merged_into_id, id) FROM {})").format(source)
    redirected_from = sql.SQL("nullif(%(id)s::uuid, h.id)")
    headers = _headers(tables, wanted)
    statement = sql.SQL("SELECT {json} FROM {headers} h JOIN LATERAL {typed} e ON e.record_id = h.id").format(
        json=record_json(tables, masked=masked, redirected_from=redirected_from),
        headers=headers,
        typed=_typed(tables),
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, {"id": record_id})
        row = cursor.fetchone()
    return row[0] if row else None


def read_page_at(
    tables: Tables, conditions: Conditions, *, after: UUID | None, limit: int, masked: bool
) -> list[tuple[UUID, str]]:
    """Return up to `limit` records by id, after this one, as (id, JSON); conditions are over aliases `h` and `e`."""
    beyond = sql.SQL("id > %s") if after else sql.SQL("true")
    statement = sql.SQL(
        "SELECT h.id, {json} FROM {headers} h JOIN LATERAL {typed} e ON e.record_id = h.id"
        " WHERE {conditions} ORDER BY h.id LIMIT {limit}"
    ).format(
        json=record_json(tables, masked=masked),
        headers=_headers(tables, beyond),
        typed=_typed(tables),
        conditions=sql.SQL(" AND ").join([condition for condition, _ in conditions]),
        limit=sql.Literal(limit),
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, [*([after] if after else []), *(value for _, value in conditions)])
        return cursor.fetchall()


def _headers(tables: Tables, condition: sql.Composable) -> sql.Composable:
    entity = sql.Literal(tables.spec.name)
    if tables.as_of is None:
        return sql.SQL("(SELECT * FROM golden_goldenrecord WHERE entity = {} AND {})").format(
            entity, condition
        )
    return sql.SQL(
        "(SELECT DISTINCT ON (id) * FROM golden_historicalgoldenrecord WHERE entity = {entity} AND {condition}"
        " AND history_date <= {as_of} ORDER BY id, history_date DESC, history_id DESC)"
    ).format(entity=entity, condition=condition, as_of=sql.Literal(tables.as_of))


def _typed(tables: Tables) -> sql.Composable:
    rows = tables.of(typed_model(tables.spec), "record_id")
    return rows if tables.as_of else sql.SQL("(SELECT * FROM {} t WHERE t.record_id = h.id)").format(rows)
