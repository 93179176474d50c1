"""Set-based SQL: COPY into tables, and upserts that touch only rows that differ."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import OperationalError, connection
from psycopg import sql
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb, JsonbLoader, set_json_dumps, set_json_loads

from apps.core.json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Cursor

set_json_dumps(dumps)
set_json_loads(loads)

T = TypeVar("T")


def retry_deadlocks(work: Callable[[], T], *, times: int = 5) -> T:
    """Run `work`, a whole transaction, again when PostgreSQL ended it to resolve a deadlock; raise at the last time."""
    for _ in range(times - 1):
        try:
            return work()
        except (DeadlockDetected, OperationalError) as error:
            if not isinstance(error, DeadlockDetected) and not isinstance(error.__cause__, DeadlockDetected):
                raise
    return work()


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
    """COPY rows into a temporary table with these columns of `like`; return its name.

    The rows live until the transaction ends or the next stage of the same name; the empty table stays with the
    connection, because making one costs more than a small batch does. Do not prepare statements that join a stage:
    their plan depends on how many rows it holds.
    """
    mark = blake2b(",".join(columns).encode(), digest_size=4).hexdigest()
    stage = f"{(name or f'stage_{like}')[:50]}_{mark}"
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS SELECT {columns} FROM {like}"
            " WITH NO DATA; DELETE FROM pg_temp.{stage}"
        ).format(
            stage=sql.Identifier(stage),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            like=sql.Identifier(like),
        ),
        prepare=False,  # two statements
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
