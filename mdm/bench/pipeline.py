"""The pipeline from extract to outbox: cost per record, its growth, its stages, and one posted record."""

import csv
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from apps.core.clock import utcnow
from apps.golden.models import GoldenRecord, RecordStatus
from apps.pipeline.services import run_pending
from apps.sources.contracts import Counts
from apps.sources.services import land_extract, land_posted
from mdm.bench.cpu import Cost, measured, median_cost, own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.stages import shares, timed_stages
from mdm.demo import write_extracts
from mdm.loading import files_with_layouts

FILES = ("salesforce/accounts.csv", "netsuite/customers.json")
RECORDS_PER_CUSTOMER = 1.72
POSTS, POST_ROUNDS = 8, 5
OTHER_SEED = 11
DATABASE = "pipeline"
STAGES = {
    "claim": "apps.pipeline.run.claim_pending",
    "standardize": "apps.pipeline.run.standardize",
    "match": "apps.pipeline.run.match_batch",
    "plan": "apps.pipeline.run.master",
    "route": "apps.pipeline.run.route_plan",
    "apply": "apps.pipeline.run.apply_plan",
    "finish": "apps.pipeline.run.finish_pending",
    "merge": "apps.pipeline.run.merge",
}


@dataclass(slots=True)
class Loaded:
    """What loading a folder came to and cost."""

    records: int = 0
    landing: Cost = field(default_factory=Cost)
    mastering: Cost = field(default_factory=Cost)
    shares: dict[str, float] = field(default_factory=dict)

    @property
    def both(self) -> Cost:
        cost = Cost()
        cost.add(self.landing)
        cost.add(self.mastering)
        return cost


@contextmanager
def extracts(rows: int, *, seed: int = 7) -> Iterator[Path]:
    """Yield a folder with about `rows` customer records of CRM and ERP."""
    with TemporaryDirectory() as folder:
        size = max(1, round(rows / RECORDS_PER_CUSTOMER))
        write_extracts(size, Path(folder), seed=seed, only=FILES, noise=0)
        yield Path(folder)


def load_folder(folder: Path) -> Loaded:
    """Land and master everything in a folder, timed."""
    loaded, counts, backend = Loaded(), Counts(), own_backend()
    with measured([backend]) as loaded.landing:
        for path, layout in files_with_layouts(folder):
            for _, landed in land_extract(path=path, layout_name=layout):
                counts.add(landed.counts)
    with timed_stages(STAGES, backend) as stages, measured([backend]) as loaded.mastering:
        run_pending()
    loaded.records = counts.new
    loaded.shares = shares(stages, loaded.mastering)
    return loaded


def load_customers(databases: Databases, name: str, *, rows: int) -> Loaded:
    """Load about `rows` customer records into a database."""
    databases.use(name)
    with extracts(rows) as folder:
        return load_folder(folder)


def run_pipeline(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Measure a tenth before and after the whole, each in a database of its own; the whole one is kept."""
    tenth, smalls = max(rows // 10, 20), []
    load_customers(databases, "warm", rows=20)  # what is compiled or read once a process
    for name in ("before", "after"):
        report(f"pipeline, {tenth:,} records")
        smalls.append(load_customers(databases, name, rows=tenth))
        if name == "before":
            report(f"pipeline, {rows:,} records")
            whole = load_customers(databases, DATABASE, rows=rows)
        databases.drop(name)
    databases.drop("warm")
    databases.use(DATABASE)
    report("pipeline, posted records")
    golden = GoldenRecord.objects.filter(entity="customer", status=RecordStatus.LIVE).count()
    posted = post_records()
    count, both = whole.records, whole.both
    small = sum(each.both.cpu for each in smalls) / sum(each.records for each in smalls)
    return {
        "pipeline.records": count,
        "pipeline.golden": golden,
        "pipeline.land.cpu_ms": whole.landing.cpu / count * 1e3,
        "pipeline.master.cpu_ms": whole.mastering.cpu / count * 1e3,
        "pipeline.cpu_ms": both.cpu / count * 1e3,
        "pipeline.postgres_cpu_ms": both.postgres / count * 1e3,
        "pipeline.records_per_second": count / both.wall,
        "pipeline.records_per_second_on_2_cores": 2 * count / both.cpu,
        "pipeline.small.cpu_ms": small * 1e3,
        "pipeline.growth": both.cpu / count / small,
        "pipeline.posted.cpu_ms": posted * 1e3,
        "pipeline.peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **{f"pipeline.share.{stage}": part for stage, part in whole.shares.items()},
    }


def post_records() -> float:
    """Return CPU seconds of landing and mastering one more record, the median of rounds."""
    backend = own_backend()
    rounds = [_new_accounts(POSTS * (number + 1))[-POSTS:] for number in range(POST_ROUNDS)]
    post_one(_new_accounts(POSTS * POST_ROUNDS + 1)[-1])
    costs = []
    for accounts in rounds:
        with measured([backend]) as cost:
            for account in accounts:
                post_one(account)
        costs.append(cost)
    return median_cost(costs).cpu / POSTS


def post_one(account: dict[str, Any]) -> None:
    """What the API does with a posted record, and the pipeline at its next wake-up."""
    land_posted(
        layout_name="salesforce.accounts", records=[account], mode="full", origin="bench", now=utcnow()
    )
    run_pending()


def _new_accounts(count: int) -> list[dict[str, Any]]:
    """Accounts of another firm, so that most are nobody the hub knows."""
    with TemporaryDirectory() as folder:
        write_extracts(2 * count + 20, Path(folder), seed=OTHER_SEED, only=(FILES[0],), noise=0)
        with (Path(folder) / FILES[0]).open(newline="", encoding="utf-8") as stream:
            rows = [row for _, row in zip(range(count), csv.DictReader(stream), strict=False)]
    return [{**row, "Id": f"new-{row['Id']}", "ParentId": ""} for row in rows]
