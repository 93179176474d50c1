"""Landing against COPY of the same rows, and against the ways Django writes rows with history."""

import csv
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from psycopg import sql
from simple_history.utils import bulk_create_with_history

from apps.core.bulk import raw_cursor
from apps.sources.contracts import Counts
from apps.sources.models import SourceRecord
from apps.sources.services import land_extract
from mdm.bench.cpu import Cost, measured, median_cost, own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.stages import shares, timed_stages
from mdm.demo import write_extracts

FILE, LAYOUT = "salesforce/accounts.csv", "salesforce.accounts"
ROUNDS = 3
BULK_SAMPLE, SINGLE_SAMPLE = 2_000, 400
STAGES = {
    "find_keys": "apps.sources.services.loads.key_rows",
    "read_stored": "apps.sources.storage.load_stored",
    "map_rows": "apps.sources.services.loads.land",
    "write": "apps.sources.storage.write_records",
}


def run_landing(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Measure in rounds, each in a fresh database: COPY, first load, the same again, the peers on a sample."""
    copies, firsts, reloads, bulks, singles, parts = [], [], [], [], [], []
    wal: list[tuple[int, int]] = []
    with TemporaryDirectory() as folder:
        write_extracts(rows, Path(folder), only=(FILE,), noise=0)
        path = Path(folder) / FILE
        for number in range(ROUNDS):
            report(f"landing, round {number + 1} of {ROUNDS}")
            databases.use(f"landing{number}")
            count, cost = copy_file(path)
            copies.append(cost)
            backend, start = own_backend(), wal_position()
            with timed_stages(STAGES, backend) as stages:
                first = land_file(path, backend, expected=Counts(rows=count, new=count))
            middle = wal_position()
            reload = land_file(path, backend, expected=Counts(rows=count, unchanged=count))
            wal.append((middle - start, wal_position() - middle))
            firsts.append(first)
            reloads.append(reload)
            parts.append((first.cpu, shares(stages, first)))
            bulks.append(_per_row(create_in_bulk, min(BULK_SAMPLE, count)))
            singles.append(_per_row(create_singly, min(SINGLE_SAMPLE, count)))
            databases.drop(f"landing{number}")
    copied, first, reload = median_cost(copies), median_cost(firsts), median_cost(reloads)
    bulk, single = sorted(bulks)[ROUNDS // 2], sorted(singles)[ROUNDS // 2]
    share = sorted(parts, key=lambda part: part[0])[(ROUNDS - 1) // 2][1]
    first_us, written = first.cpu / count * 1e6, first.cpu / count * 1e6 * share["write"]
    return {
        "landing.rows": count,
        "landing.copy.cpu_us": copied.cpu / count * 1e6,
        "landing.copy.rows_per_second": count / copied.wall,
        "landing.first.cpu_us": first_us,
        "landing.first.postgres_cpu_us": first.postgres / count * 1e6,
        "landing.first.rows_per_second": count / first.wall,
        "landing.first.wal_bytes": min(pair[0] for pair in wal) / count,
        "landing.first.to_copy": first.cpu / copied.cpu,
        "landing.reload.cpu_us": reload.cpu / count * 1e6,
        "landing.reload.rows_per_second": count / reload.wall,
        "landing.reload.to_copy": reload.cpu / copied.cpu,
        "landing.reload.to_first": reload.cpu / first.cpu,
        "landing.reload.wal_bytes": min(pair[1] for pair in wal) / count,
        "landing.simple_history.cpu_us": bulk,
        "landing.simple_history.to_first": bulk / first_us,
        "landing.simple_history.to_write": bulk / written if written else 0.0,
        "landing.row_by_row.cpu_us": single,
        "landing.row_by_row.to_first": single / first_us,
        "landing.row_by_row.to_write": single / written if written else 0.0,
        **{f"landing.share.{stage}": part for stage, part in share.items()},
    }


def copy_file(path: Path) -> tuple[int, Cost]:
    """COPY a CSV file into a new table of text columns; return the number of rows and what it cost."""
    with path.open(newline="", encoding="utf-8") as stream:
        columns = next(csv.reader(stream))
    made = sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(column)) for column in columns)
    with raw_cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TABLE bench_copy ({})").format(made))
        statement = "COPY bench_copy FROM STDIN (FORMAT csv, HEADER)"
        with measured([own_backend()]) as cost, path.open("rb") as stream, cursor.copy(statement) as copy:
            while part := stream.read(1 << 20):
                copy.write(part)
        cursor.execute("SELECT count(*) FROM bench_copy")
        [(count,)] = cursor.fetchall()
        cursor.execute("DROP TABLE bench_copy")
    return count, cost


def land_file(path: Path, backend: int, *, expected: Counts) -> Cost:
    """Land the accounts; ValueError when anything but the expected became of them."""
    counts = Counts()
    with measured([backend]) as cost:
        for _, landed in land_extract(path=path, layout_name=LAYOUT):
            counts.add(landed.counts)
    if counts != expected:
        raise ValueError(f"landing came to {counts}, expected {expected}")
    return cost


def wal_position() -> int:
    """Bytes of write-ahead log the server has written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def create_in_bulk(records: list[SourceRecord]) -> None:
    bulk_create_with_history(records, SourceRecord, batch_size=1_000)


def create_singly(records: list[SourceRecord]) -> None:
    """As a loader does that cannot know what is there already."""
    for record in records:
        values = {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}
        SourceRecord.objects.update_or_create(id=values.pop("id"), defaults=values)


def _per_row(create: Callable[[list[SourceRecord]], None], count: int) -> float:
    """Return CPU microseconds a row of writing mapped rows in one transaction, which is rolled back."""
    records = [_twin(record) for record in SourceRecord.objects.order_by("pk")[:count]]
    with transaction.atomic():
        with measured([own_backend()]) as cost:
            create(records)
        transaction.set_rollback(True)
    return cost.cpu / count * 1e6


def _twin(record: SourceRecord) -> SourceRecord:
    """Return an unsaved record with the same content and another key."""
    values: dict[str, Any] = {
        field.attname: getattr(record, field.attname) for field in SourceRecord._meta.concrete_fields
    }
    return SourceRecord(**{**values, "id": uuid4(), "key": f"peer-{record.key}"})
