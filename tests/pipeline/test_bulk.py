"""Rows arrive the same way, few as a parameter and many through COPY; ids travel as arrays."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from psycopg import Cursor
from psycopg.errors import DataError

from apps.core.bulk import FEW, as_json, copy_rows, plan_once, raw_cursor, upsert_rows
from apps.core.ids import derived_uuid, uuid7
from tests.hub import seed

pytestmark = pytest.mark.django_db
TABLE = "sources_sourcerecord"
COLUMNS = (
    "id", "system_id", "entity", "key", "raw", "raw_hash", "values", "content_hash", "source_version", "layout",
    "layout_version", "complete", "deleted", "row_number", "item_versions", "created_at", "changed_at",
)  # fmt: skip
NOW = datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=UTC)
RAW = {"Náme": 'a "quoted" \\ back', "n": 12.50, "deep": [{"x": None}], "big": 9007199254740993}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def row(number: int) -> tuple[Any, ...]:
    raw = as_json(RAW) if number % 2 else None
    return (
        derived_uuid("bulk", number), "salesforce", "customer", f"K{number}\t{{}}%s", raw, b"\x00\xff" * 8,
        as_json({"legal_name": "Müller, Söhne"}), bytes(range(16)), None, "l", number + 1, True, False, number,
        as_json({}), NOW, NOW,
    )  # fmt: skip


def stored(cursor: Cursor[Any]) -> list[Any]:
    cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {TABLE} WHERE row_number < 3 ORDER BY row_number")
    return cursor.fetchall()


@pytest.mark.parametrize("write", [copy_rows, lambda *given: upsert_rows(*given, key=("id",))])
def test_few_and_many_rows_are_written_alike(write: Any) -> None:
    found = []
    with raw_cursor() as cursor:
        for count in (3, FEW + 1):
            cursor.execute(f"DELETE FROM {TABLE}")
            write(cursor, TABLE, COLUMNS, (row(number) for number in range(count)))
            cursor.execute(f"SELECT count(*) FROM {TABLE}")
            assert cursor.fetchall() == [(count,)]
            found.append(stored(cursor))
    assert found[0] == found[1]
    [first, second, _] = found[0]
    assert (first[0], first[3], first[4]) == (derived_uuid("bulk", 0), "K0\t{}%s", None)
    assert (second[4], bytes(second[5]), second[15]) == (RAW, b"\x00\xff" * 8, NOW)


@pytest.mark.parametrize("count", [3, FEW + 1])
def test_upsert_tells_what_it_wrote_and_leaves_equal_rows_alone(count: int) -> None:
    rows = [row(number) for number in range(count)]
    with raw_cursor() as cursor:
        assert len(upsert_rows(cursor, TABLE, COLUMNS, rows, key=("id",))) == count
        assert upsert_rows(cursor, TABLE, COLUMNS, rows, key=("id",)) == []
        changed = (*rows[1][:3], "other key", *rows[1][4:])
        written = upsert_rows(cursor, TABLE, COLUMNS, [rows[0], changed, *rows[2:]], key=("id",))
    assert written == [(rows[1][0], False)]


def test_nul_characters_are_refused_as_data() -> None:
    with raw_cursor() as cursor, pytest.raises(DataError):
        copy_rows(cursor, TABLE, COLUMNS, [(*row(0)[:3], "a\0b", *row(0)[4:])])


def test_no_rows_write_nothing() -> None:
    with raw_cursor() as cursor:
        assert copy_rows(cursor, TABLE, COLUMNS, []) == 0
        assert upsert_rows(cursor, TABLE, COLUMNS, [], key=("id",)) == []


@pytest.mark.parametrize(
    "ids", [[], [uuid7()], [uuid7(), None, uuid7()], [UUID(int=0), UUID(int=2**128 - 1)]]
)
def test_lists_of_ids_arrive(ids: list[UUID | None]) -> None:
    with raw_cursor() as cursor:
        cursor.execute("SELECT %s::uuid[]", (ids,))
        assert cursor.fetchall() == [(ids,)]


def test_statements_planned_once_are_never_compiled() -> None:
    """Before PostgreSQL 18 a scan that is off has a cost at which compiling looks cheap; and only these are meant."""
    with raw_cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL jit = on")
        with transaction.atomic():
            plan_once(cursor)
            names = ("plan_cache_mode", "enable_seqscan", "jit")
            seen = [cursor.execute(f"SHOW {name}").fetchone() for name in names]
            transaction.set_rollback(True)
        assert seen == [("force_generic_plan",), ("off",), ("off",)]
        assert cursor.execute("SHOW jit").fetchone() == ("on",)


@pytest.mark.parametrize("texts", [["a", 'say "b", {c}'], ["\\", ""], ["NULL", "null"], ["a", None], []])
def test_lists_of_texts_arrive_as_they_were_sent(texts: list[str | None]) -> None:
    with raw_cursor() as cursor:
        assert cursor.execute("SELECT %s::text[]", (texts,)).fetchall() == [(texts,)]
