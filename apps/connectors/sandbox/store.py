"""What a sandbox system remembers: records, the journal of effects, tokens; one SQLite file that survives a kill."""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, obj TEXT NOT NULL, native_id TEXT, ext_id TEXT, body TEXT NOT NULL,
    previous TEXT, version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, modified_at TEXT NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX IF NOT EXISTS record_native ON record (obj, native_id);
CREATE UNIQUE INDEX IF NOT EXISTS record_ext ON record (obj, ext_id) WHERE ext_id IS NOT NULL AND deleted = 0;
CREATE TABLE IF NOT EXISTS effect (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, obj TEXT NOT NULL, native_id TEXT, ext_id TEXT,
    verb TEXT NOT NULL, version INTEGER NOT NULL, changed TEXT NOT NULL, delivery TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS effect_record ON effect (obj, ext_id);
CREATE TABLE IF NOT EXISTS token (value TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS nonce (value TEXT PRIMARY KEY, seen REAL NOT NULL);
CREATE TABLE IF NOT EXISTS usage (day TEXT PRIMARY KEY, calls INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One record; `previous` is its body before the last write, for faults that read stale."""

    obj: str
    native_id: str
    ext_id: str | None
    body: dict[str, Any]
    previous: dict[str, Any] | None
    version: int
    created_at: str
    modified_at: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """One line of the journal: what a request did to a record."""

    seq: int
    at: str
    obj: str
    native_id: str
    ext_id: str | None
    verb: str
    version: int
    changed: tuple[str, ...]
    delivery: str


def stamp() -> str:
    """Return the present moment with milliseconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Store:
    """Serial access to one SQLite file from the server's threads."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.listener: Callable[[Row, str, tuple[str, ...]], None] | None = None
        self._db = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside or nothing; one inside another is undone by itself."""
        with self._lock:
            inner = self._db.in_transaction
            self._db.execute("SAVEPOINT inner_part" if inner else "BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK TO inner_part" if inner else "ROLLBACK")
                raise
            finally:
                if inner:
                    self._db.execute("RELEASE inner_part")
            if not inner:
                self._db.execute("COMMIT")

    def _all(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, arguments).fetchall()

    def _run(self, query: str, *arguments: object) -> sqlite3.Cursor:
        with self._lock:
            return self._db.execute(query, arguments)

    # Records

    def find(self, obj: str, *, ext_id: str | None = None, native_id: str | None = None) -> Row | None:
        """Return the live record with this external or native id."""
        column, value = ("ext_id", ext_id) if ext_id is not None else ("native_id", native_id)
        rows = self._all(f"{_SELECT} WHERE obj = ? AND {column} = ? AND deleted = 0", obj, value)
        return _row(rows[0]) if rows else None

    def rows(self, obj: str, *, deleted: bool = False) -> list[Row]:
        extra = "" if deleted else " AND deleted = 0"
        return [_row(row) for row in self._all(f"{_SELECT} WHERE obj = ?{extra} ORDER BY seq", obj)]

    def newest(self, obj: str, limit: int) -> list[Row]:
        query = f"{_SELECT} WHERE obj = ? AND deleted = 0 ORDER BY modified_at DESC, seq DESC LIMIT ?"
        return [_row(row) for row in self._all(query, obj, limit)]

    def insert(
        self,
        obj: str,
        body: dict[str, Any],
        *,
        ext_id: str | None,
        prefix: str = "",
        native_id: str = "",
        delivery: str = "",
    ) -> Row:
        """Store a new record; `prefix` begins an 18-character id, without one or `native_id` ids are numbers."""
        now = stamp()
        with self.transaction():
            cursor = self._run(
                "INSERT INTO record (obj, ext_id, body, created_at, modified_at) VALUES (?, ?, ?, ?, ?)",
                obj, ext_id, json.dumps(body), now, now,
            )  # fmt: skip
            seq = cursor.lastrowid or 0
            native = native_id or (f"{prefix}SB{seq:010d}AAA" if prefix else str(1000 + seq))
            self._run("UPDATE record SET native_id = ? WHERE seq = ?", native, seq)
            self._note(obj, native, ext_id, "created", 1, tuple(body), delivery)
        found = self.find(obj, native_id=native)
        assert found is not None  # noqa: S101 - written in the lines above
        self._tell(found, "created", tuple(body))
        return found

    def update(
        self, row: Row, changes: dict[str, Any], *, delivery: str = "", ext_id: str | None = None
    ) -> Row:
        """Change a record; what equals the stored values is journalled as unchanged. `ext_id` gives it a key."""
        if ext_id is not None and ext_id != row.ext_id:
            self._run(
                "UPDATE record SET ext_id = ? WHERE obj = ? AND native_id = ?", ext_id, row.obj, row.native_id
            )
            row = replace(row, ext_id=ext_id)
        body = {**row.body, **changes}
        changed = tuple(name for name, value in changes.items() if row.body.get(name) != value)
        with self.transaction():
            if changed:
                self._run(
                    "UPDATE record SET body = ?, previous = ?, version = version + 1, modified_at = ?"
                    " WHERE obj = ? AND native_id = ?",
                    json.dumps(body), json.dumps(row.body), stamp(), row.obj, row.native_id,
                )  # fmt: skip
            version = row.version + (1 if changed else 0)
            verb = "updated" if changed else "unchanged"
            self._note(row.obj, row.native_id, row.ext_id, verb, version, changed, delivery)
        now = self.find(row.obj, native_id=row.native_id) or row
        self._tell(now, verb, changed)
        return now

    def delete(self, row: Row) -> None:
        with self.transaction():
            self._run(
                "UPDATE record SET deleted = 1, modified_at = ? WHERE obj = ? AND native_id = ?",
                stamp(), row.obj, row.native_id,
            )  # fmt: skip
            self._note(row.obj, row.native_id, row.ext_id, "deleted", row.version, (), "")
        self._tell(row, "deleted", ())

    def _tell(self, row: Row, verb: str, changed: tuple[str, ...]) -> None:
        if self.listener is not None:
            self.listener(row, verb, changed)

    def change_silently(self, row: Row, changes: dict[str, Any]) -> None:
        """Change a record without a line in the journal, as a workflow of the target would."""
        self._run(
            "UPDATE record SET body = ?, modified_at = ? WHERE obj = ? AND native_id = ?",
            json.dumps({**row.body, **changes}), stamp(), row.obj, row.native_id,
        )  # fmt: skip

    def counts(self) -> dict[str, int]:
        return dict(self._all("SELECT obj, count(*) FROM record WHERE deleted = 0 GROUP BY obj ORDER BY obj"))

    # Journal

    def _note(
        self,
        obj: str,
        native: str,
        ext_id: str | None,
        verb: str,
        version: int,
        changed: tuple[str, ...],
        delivery: str,
    ) -> None:
        self._run(
            "INSERT INTO effect (at, obj, native_id, ext_id, verb, version, changed, delivery)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            stamp(), obj, native, ext_id, verb, version, json.dumps(changed), delivery,
        )  # fmt: skip

    def effects(self, *, obj: str = "", ext_id: str = "", last: int = 0) -> list[Effect]:
        """Return the journal, oldest first; of one object or record if asked, only the `last` lines if given."""
        query = (
            "SELECT seq, at, obj, native_id, ext_id, verb, version, changed, delivery FROM effect"
            " WHERE (? = '' OR obj = ?) AND (? = '' OR ext_id = ?) ORDER BY seq DESC"
        )
        rows = self._all(query + (f" LIMIT {int(last)}" if last else ""), obj, obj, ext_id, ext_id)
        return [
            Effect(seq, at, name, native, key, verb, version, tuple(json.loads(changed)), delivery)
            for seq, at, name, native, key, verb, version, changed, delivery in reversed(rows)
        ]

    # Sign-in

    def add_token(self, value: str, seconds: float) -> None:
        self._run("INSERT INTO token VALUES (?, ?)", value, time.time() + seconds)

    def token_is_good(self, value: str) -> bool:
        return bool(self._all("SELECT 1 FROM token WHERE value = ? AND expires > ?", value, time.time()))

    def expire_tokens(self) -> None:
        self._run("DELETE FROM token")

    def nonce_is_new(self, value: str, seconds: float) -> bool:
        """Remember a nonce; False when it was used within the last `seconds`."""
        with self.transaction():
            self._run("DELETE FROM nonce WHERE seen < ?", time.time() - seconds)
            cursor = self._run("INSERT OR IGNORE INTO nonce VALUES (?, ?)", value, time.time())
            return cursor.rowcount == 1

    def count_call(self) -> int:
        """Count a call of today and return how many there were."""
        rows = self._all(
            "INSERT INTO usage VALUES (date('now'), 1)"
            " ON CONFLICT (day) DO UPDATE SET calls = calls + 1 RETURNING calls"
        )
        return int(rows[0][0])

    def clear(self) -> None:
        with self.transaction():
            for table in ("record", "effect", "token", "nonce", "usage"):
                self._run(f"DELETE FROM {table}")


_SELECT = (
    "SELECT obj, native_id, ext_id, body, previous, version, created_at, modified_at, deleted FROM record"
)


def _row(row: tuple[Any, ...]) -> Row:
    obj, native, ext_id, body, previous, version, created, modified, deleted = row
    before = json.loads(previous) if previous else None
    return Row(obj, native, ext_id, json.loads(body), before, version, created, modified, bool(deleted))
