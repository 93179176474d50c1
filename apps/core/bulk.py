"""Set-based SQL: rows into tables, and upserts that touch only rows that differ."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import orjson
import psycopg
from django.db import OperationalError, connection
from psycopg import sql
from psycopg.errors import DeadlockDetected
from psycopg.types.array import ListDumper
from psycopg.types.json import Jsonb, JsonbLoader, set_json_dumps, set_json_loads

from apps.core.json import dumps, loads, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Cursor
    from psycopg.abc import Buffer

set_json_dumps(dumps)
set_json_loads(loads)

T = TypeVar("T")

PREPARED = 1_000
"""Prepared statements a connection keeps: mastering alone takes more than psycopg's hundred."""
FEW = 1_000
FEW_BYTES = 16_000_000
"""Rows up to these bounds travel as one JSON parameter; more are copied into a temporary table."""


class _Lists(ListDumper):
    """Lists of ids and of texts without a call per element: every batch sends dozens of them."""

    def dump(self, obj: list[Any]) -> "Buffer | None":
        kinds = set(map(type, obj))
        if kinds == {UUID}:
            return b"{" + b",".join([b"%032x" % each.int for each in obj]) + b"}"
        if kinds == {str}:
            quoted = [each.replace("\\", "\\\\").replace('"', '\\"') for each in obj]
            text = '{"' + '","'.join(quoted) + '"}'
            if "\0" not in text:  # PostgreSQL has none: psycopg says so
                return text.encode()
        return super().dump(obj)


psycopg.adapters.register_dumper(list, _Lists)


@dataclass(frozen=True, slots=True)
class Staged:
    """Rows to select from: `source` for the FROM clause, `given` the named parameters, if it has any."""

    source: str
    given: Mapping[str, str] | None = None

    @property
    def prepare(self) -> bool | None:
        """Tell psycopg whether to prepare the statement: not over a table whose size its plan depends on."""
        return None if self.given else False


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
    if connection.connection.prepared_max != PREPARED:
        connection.connection.prepared_max = PREPARED
    with connection.connection.cursor() as cursor:
        cursor.adapters.register_loader("jsonb", JsonbLoader)  # Django's own leaves the text as it is
        yield cursor


def plan_once(cursor: "Cursor[Any]") -> None:
    """Until the transaction ends, plan each prepared statement once, whatever its parameters, and go by indexes.

    For transactions whose statements all begin from keys. Planning them costs a small batch more than running them,
    and statistics mislead: on tables that grew since they were taken a scan of the whole table looks cheap. Generic
    plans guess at how much an array holds, and before PostgreSQL 18 a scan that is off costs ten thousand million: both
    look worth compiling, which takes longer than they run.
    """
    cursor.execute(
        "SELECT set_config('plan_cache_mode', 'force_generic_plan', true),"
        " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
    )


def as_json(value: object) -> Jsonb:
    return Jsonb(value)


def copy_rows(
    cursor: "Cursor[Any]",
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    types: Sequence[str] | None = None,
) -> int:
    """Write new rows into a table and return how many; `types` switches COPY to the faster binary format."""
    columns, rows = tuple(columns), iter(rows)
    if not types:
        few = list(islice(rows, FEW + 1))
        if not few:
            return 0
        packed = pack_rows(columns, few)
        if packed:
            cursor.execute(insertion(table, columns), {"rows": packed})
            return len(few)
        rows = chain(few, rows)
    count = 0
    with cursor.copy(_copying(table, columns)) as copy:
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
) -> Staged:
    """Have rows with these columns of the table `like` at hand for the next statement.

    Few rows are a parameter of it. Many go into a temporary table, where they live until the transaction ends or the
    next stage of the same name; the empty table stays with the connection, because making one costs more than a small
    batch does. Execute the statement with the stage's `given` and `prepare`.
    """
    columns, rows = tuple(columns), iter(rows)
    few = list(islice(rows, FEW + 1))
    packed = pack_rows(columns, few)
    if packed:
        return Staged(_recordset(like, columns), {"rows": packed})
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
    with cursor.copy(_copying(stage, columns)) as copy:
        for row in chain(few, rows):
            copy.write_row(row)
    return Staged(sql.Identifier(stage).as_string(None))


def pack_rows(columns: Sequence[str], few: Sequence[Sequence[object]]) -> str | None:
    """Return rows as the JSON parameter `rows`; None when they are more than travel so."""
    if len(few) > FEW:
        return None
    packed = orjson.dumps([dict(zip(columns, row, strict=True)) for row in few], default=_column)
    return packed.decode() if len(packed) <= FEW_BYTES else None


def _column(value: object) -> object:
    """Return what PostgreSQL reads as a column's value from JSON."""
    if isinstance(value, Jsonb):
        return orjson.Fragment(dumps(value.obj))
    if isinstance(value, bytes | memoryview):
        return f"\\x{value.hex()}"
    return plain(value)


@lru_cache(maxsize=1_024)
def _copying(table: str, columns: tuple[str, ...]) -> bytes:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names).as_bytes(None)


@lru_cache(maxsize=1_024)
def _recordset(like: str, columns: tuple[str, ...]) -> str:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    source = sql.SQL("(SELECT {} FROM jsonb_populate_recordset(NULL::{}, %(rows)s::jsonb))")
    return source.format(names, sql.Identifier(like)).as_string(None)


@lru_cache(maxsize=1_024)
def insertion(table: str, columns: tuple[str, ...]) -> bytes:
    """Return the statement that inserts the rows of a JSON parameter `rows`."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    head = sql.SQL("INSERT INTO {} ({})").format(sql.Identifier(table), names).as_string(None)
    return f"{head} SELECT * FROM {_recordset(table, columns)} r".encode()


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
    staged = stage_rows(cursor, table, columns, rows)
    statement = _upsert(table, tuple(columns), tuple(key), tuple(keep), staged.source)
    cursor.execute(statement, staged.given, prepare=staged.prepare)
    return cursor.fetchall()


@lru_cache(maxsize=1_024)
def _upsert(
    table: str, columns: tuple[str, ...], key: tuple[str, ...], keep: tuple[str, ...], source: str
) -> bytes:
    changing = [c for c in columns if c not in key and c not in keep]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    keys = sql.SQL(", ").join(map(sql.Identifier, key))
    returning = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in key)
    action: sql.Composable
    if changing:
        sets = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in changing)
        old = sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(c)) for c in changing)
        new = sql.SQL(", ").join(sql.SQL("excluded.{}").format(sql.Identifier(c)) for c in changing)
        action = sql.SQL("DO UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})").format(sets, old, new)
    else:
        action = sql.SQL("DO NOTHING")
    statement = sql.SQL(
        "INSERT INTO {table} AS t ({names}) SELECT {names} FROM {source} r ORDER BY {keys}"
        " ON CONFLICT ({keys}) {action} RETURNING {returning}, (t.xmax = 0)"
    )
    return statement.format(
        table=sql.Identifier(table),
        names=names,
        source=sql.SQL(source),
        keys=keys,
        action=action,
        returning=returning,
    ).as_bytes(None)
