"""One incoming record against any number of golden records: CPU of each question, normalising included."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg import Cursor

from apps.core.batches import in_batches
from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.core.clock import utcnow
from apps.core.ids import derived_uuid
from apps.golden.registry import entity
from apps.golden.spec import Document
from apps.matching.contracts import ToMatch
from apps.matching.selectors import active_rule
from apps.matching.services import find_similar, match_batch
from apps.matching.services.rematching import prepare_chunk
from apps.quality.services import standardize_records
from mdm.bench.cpu import own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.demo.benchmark import customers_only

DATABASE = "match_one"
ASKED = 300
"""Questions; records of firms that are mostly there already, written as another system writes them."""
CHUNK = 5_000
SEED = 23


def run_match_one(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Fill a database with `rows` customers and ask for one more, many times."""
    databases.use(DATABASE)
    report(f"match-one, filling {rows:,} golden customers")
    step, asked = (rows + ASKED) // ASKED, []
    began = time.process_time()
    for chunk in in_batches(enumerate(customers_only(rows + ASKED, SEED)), CHUNK):
        asked += [_values(row) for number, row in chunk if number % step == 0]
        with transaction.atomic(), raw_cursor() as cursor:
            _fill(cursor, [each for each in chunk if each[0] % step])
    _prepare()
    filled = time.process_time() - began
    with raw_cursor() as cursor:
        cursor.execute("ANALYZE matching_blockingkey, matching_preparedrecord, sources_crosswalk")
    report(f"match-one, {len(asked)} questions")
    with raw_cursor() as cursor:
        _sources(cursor, [(derived_uuid("bench asked", at), f"asked {at}") for at in range(2 * len(asked))])
    for values in asked[:10]:
        _find(values)
        _match(values)
    find = sorted(_costs(_find, asked))
    match = sorted(_costs(_match, asked))
    return {
        "match_one.records": rows,
        "match_one.find.p50_ms": _quantile(find, 0.5),
        "match_one.find.p99_ms": _quantile(find, 0.99),
        "match_one.match.p50_ms": _quantile(match, 0.5),
        "match_one.match.p99_ms": _quantile(match, 0.99),
        "match_one.fill.app_cpu_us": filled / rows * 1e6,
    }


def _find(values: Document) -> None:
    find_similar(spec=entity("customer"), values=values)


def _match(values: Document) -> None:
    """What the pipeline does with a new record until it knows its golden record; its row is there already.

    It is committed: psycopg forgets its prepared statements at a rollback, which a running hub does not see.
    """
    spec = entity("customer")
    with transaction.atomic():
        [standard] = standardize_records(spec=spec, records=[values])
        record = _new_record()
        match_batch(spec=spec, records=[ToMatch(record, "salesforce", standard.values)], now=utcnow())


_numbers = count()


def _new_record() -> UUID:
    return derived_uuid("bench asked", next(_numbers))


def _costs(ask: Callable[[Document], None], asked: Iterable[Document]) -> Iterator[float]:
    """Yield the CPU milliseconds of each question: this process and its backend."""
    backend = own_backend()
    for values in asked:
        before = time.process_time_ns() + _on_cpu(backend)
        ask(values)
        yield (time.process_time_ns() + _on_cpu(backend) - before) / 1e6


def _on_cpu(pid: int) -> int:
    """Nanoseconds a process has run; finer than the ticks of /proc/PID/stat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _quantile(ranked: list[float], share: float) -> float:
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]


def _values(row: dict[str, Any]) -> Document:
    """A customer as a system sends it, mapped but not standardized."""
    address = {name: row[name] for name in ("line1", "city", "postcode", "country") if row[name]}
    values: Document = {name: row[name] for name in ("legal_name", "domain", "email", "phone") if row[name]}
    if address:
        values["addresses"] = [{"kind": "registered", **address}]
    if row["tax_id"]:
        values["tax_ids"] = [{"country": row["country"], "kind": "vat", "value": row["tax_id"]}]
    return values


def _fill(cursor: Cursor[Any], numbered: list[tuple[int, dict[str, Any]]]) -> None:
    """Write customers as the pipeline would have left them, each in a golden record of its own."""
    now = utcnow()
    rows = [row for _, row in numbered]
    ids = [(derived_uuid("bench", number), str(number)) for number, _ in numbered]
    golden = [derived_uuid("bench golden", key) for _, key in ids]
    _sources(cursor, ids)
    copy_rows(
        cursor, "golden_goldenrecord",
        ("id", "entity", "code", "title", "status", "version", "quality", "created_at", "updated_at"),
        ((home, "customer", f"B-{key}", row["legal_name"][:240], "live", 1, 100, now, now)
         for home, (_, key), row in zip(golden, ids, rows, strict=True)),
    )  # fmt: skip
    copy_rows(
        cursor, "sources_crosswalk",
        ("source_record_id", "record_id", "system_id", "entity", "key", "method", "assigned_at"),
        ((record, home, "salesforce", "customer", key, "new", now)
         for home, (record, key) in zip(golden, ids, strict=True)),
    )  # fmt: skip
    copy_rows(
        cursor, "quality_standardrecord",
        ("source_record_id", "entity", "values", "issues", "score", "standardized_at"),
        ((record, "customer", as_json(_values(row)), as_json([]), 100, now)
         for (record, _), row in zip(ids, rows, strict=True)),
    )  # fmt: skip


def _sources(cursor: Cursor[Any], ids: list[tuple[UUID, str]]) -> None:
    now = utcnow()
    columns = (
        "id", "system_id", "entity", "key", "values", "content_hash", "layout", "layout_version", "complete", "deleted",
        "created_at", "changed_at", "item_versions",
    )  # fmt: skip
    copy_rows(
        cursor, "sources_sourcerecord", columns,
        ((record, "salesforce", "customer", key, as_json({}), b"", "bench", 1, True, False, now, now, as_json({}))
         for record, key in ids),
    )  # fmt: skip


def _prepare() -> None:
    """Prepare and key all of them, as the first phase of a re-match does."""
    spec, rule = entity("customer"), active_rule("customer")
    after: str | None = None
    while True:
        with transaction.atomic():
            chunk = prepare_chunk(spec=spec, rule=rule, after=after)
        if chunk.cursor is None:
            return
        after = chunk.cursor
