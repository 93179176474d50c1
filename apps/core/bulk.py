"""Set-based SQL: COPY into tables, and upserts that touch only rows that differ."""

from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connection
from psycopg import sql
from psycopg.types.json import Jsonb, JsonbLoader, set_json_dumps, set_json_loads

from apps.core.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Cursor

set_json_dumps(dumps)
set_json_loads(loads)


@contextmanager
def raw_cursor() -> "Iterator[Cursor[Any]]":
    """Yield a psycopg cursor inside Django's transaction; JSONB comes as Python values."""
    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.adapters.register_loader("jsonb", JsonbLoader)  # Django's own leaves the text as it is
        yield cursor


def as_json(value: object) -> Jsonb:
    return Jsonb(value)


def copy_rows(
    cursor: "Cursor[Any]",
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    types: Sequence[str] | None = None,
) -> int:
    """COPY rows into a table and return how many; `types` switches to the faster binary format."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    count = 0
    with cursor.copy(statement) as copy:
        if types:
            copy.set_types(list(types))
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def stage_rows(
    cursor: "Cursor[Any]",
    like: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    name: str = "",
) -> str:
    """COPY rows into a temporary table with the columns of `like`; return its name.

    The table lives until the transaction ends or the next stage of the same name.
    """
    stage = name or f"stage_{like}"
    cursor.execute(sql.SQL("DROP TABLE IF EXISTS pg_temp.{}").format(sql.Identifier(stage)))
    cursor.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(stage), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(like)
        )
    )
    copy_rows(cursor, stage, columns, rows)
    return stage


def upsert_rows(
    cursor: "Cursor[Any]",
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert rows or update those that differ, in one statement.

    `key` names the unique columns, `keep` the columns an update leaves alone. Returns the key
    columns and a boolean (True: inserted) of every row that was written; equal rows write nothing.
    """
    stage = stage_rows(cursor, table, columns, rows)
    changing = [c for c in columns if c not in key and c not in keep]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    returning = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in key)
    action: sql.Composable
    if changing:
        sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in changing)
        old = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in changing)
        new = sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(c)) for c in changing)
        action = sql.SQL("DO UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})").format(sets, old, new)
    else:
        action = sql.SQL("DO NOTHING")
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} AS t ({names}) SELECT {names} FROM {stage} ORDER BY {order} "
            "ON CONFLICT ({key}) {action} RETURNING {returning}, (t.xmax = 0)"
        ).format(
            table=sql.Identifier(table),
            names=names,
            stage=sql.Identifier(stage),
            order=sql.SQL(", ").join(map(sql.Identifier, key)),
            key=sql.SQL(", ").join(map(sql.Identifier, key)),
            action=action,
            returning=returning,
        )
    )
    return cursor.fetchall()
