"""Pages of golden records: keyset by golden id, filters in the WHERE clause, JSON built by PostgreSQL."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

from apps.api.cursors import seal, unseal
from apps.api.v1.filters import list_conditions
from apps.api.v1.past_sql import read_page_at
from apps.api.v1.record_sql import Tables, select_listed
from apps.core.bulk import raw_cursor
from apps.core.json import dumps
from apps.golden.documents import typed_model
from apps.golden.spec import EntitySpec


def page_of_records(
    spec: EntitySpec, given: Mapping[str, Any], *, masked: bool
) -> tuple[list[str], str | None]:
    """Return the JSON of the records of a page, oldest first, and the cursor of the next one. Two statements."""
    filters = {name: value for name, value in given.items() if name not in ("cursor", "limit")}
    purpose = ["list", spec.name, filters]
    if given["as_of"] or given["valid_on"]:
        return _page_at(spec, given, purpose, masked=masked)
    conditions = list_conditions(spec, given)
    if given["cursor"]:
        [after] = unseal(purpose, given["cursor"])
        conditions.append((sql.SQL("e.record_id > %s"), UUID(after)))
    statement = sql.SQL(
        "SELECT e.record_id FROM {typed} e JOIN golden_goldenrecord h ON h.id = e.record_id"
        " WHERE {conditions} ORDER BY e.record_id LIMIT %s"
    ).format(
        typed=sql.Identifier(typed_model(spec)._meta.db_table),
        conditions=sql.SQL(" AND ").join([condition for condition, _ in conditions]),
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, [*(value for _, value in conditions), given["limit"] + 1])
        ids = [record_id for (record_id,) in cursor]
        page = ids[: given["limit"]]
        cursor.execute(select_listed(spec, masked=masked), (page,))
        records = [text for _, text in cursor]
    more = len(ids) > len(page)
    return records, seal(purpose, [page[-1]]) if more else None


def _page_at(
    spec: EntitySpec, given: Mapping[str, Any], purpose: list[Any], *, masked: bool
) -> tuple[list[str], str | None]:
    """Return the same page as it was at a time, or of what holds on a day. One statement."""
    tables = Tables(spec, given["as_of"], given["valid_on"])
    after = UUID(unseal(purpose, given["cursor"])[0]) if given["cursor"] else None
    conditions = list_conditions(spec, given, tables)
    rows = read_page_at(tables, conditions, after=after, limit=given["limit"] + 1, masked=masked)
    page = rows[: given["limit"]]
    return [text for _, text in page], seal(purpose, [page[-1][0]]) if len(rows) > len(page) else None


def page_body(records: list[str], cursor: str | None) -> bytes:
    """Return the body of a page whose records are JSON texts already."""
    return b'{"results":[%s],"next":%s}' % (",".join(records).encode(), dumps(cursor))


def ids_of(spec: EntitySpec, conditions: list[tuple[sql.Composable, Any]], limit: int) -> list[UUID]:
    """Return the golden ids that meet all conditions, the oldest first, at most `limit`."""
    statement = sql.SQL("SELECT e.record_id FROM {} e WHERE {} ORDER BY e.record_id LIMIT {}").format(
        sql.Identifier(typed_model(spec)._meta.db_table),
        sql.SQL(" AND ").join([condition for condition, _ in conditions]),
        sql.Literal(limit),
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, [value for _, value in conditions])
        return [record_id for (record_id,) in cursor]
