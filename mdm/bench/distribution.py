"""How fast approved changes leave the hub: deliveries a second, commit to call, what a dead target does to others."""

from collections.abc import Callable
from statistics import median

from apps.core.bulk import raw_cursor
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due
from mdm.bench.cpu import Cost, measured, own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.latency import BESIDE, CALL, call_latencies, quantile
from mdm.bench.outgoing import fill, subscribe, touch

DATABASE = "distribution"
SHOWN = "bench_shown"
ROUNDS = 7
CHANGES = 500
"""Commits timed in each round, ten seconds of them; fewer, and one round, of runs below as many rows."""


def run_distribution(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Deliver `rows` new customers and their second version to a target inside this process, then time commits."""
    few = max(rows // 10, CALL)
    tenth = _deliveries(databases, few, report)
    databases.drop(DATABASE)
    whole = _deliveries(databases, rows, report)
    subscribe([SHOWN], batch_size=1)
    single = _round(min(rows, 2_000), 3)
    databases.drop(DATABASE)
    return {
        "distribution.deliveries": rows,
        "distribution.create.cpu_us": _per(whole[0], rows) * 1e6,
        "distribution.update.cpu_us": _per(whole[1], rows) * 1e6,
        "distribution.update.postgres_cpu_us": whole[1].postgres / rows * 1e6,
        "distribution.update.per_second": rows / whole[1].wall,
        "distribution.update.per_second_on_2_cores": 2 / _per(whole[1], rows),
        "distribution.growth": _per(whole[1], rows) / _per(tenth[1], few),
        "distribution.single.cpu_us": _per(single, min(rows, 2_000)) * 1e6,
        **_latencies(databases, rows, report),
    }


def _per(cost: Cost, rows: int) -> float:
    return cost.cpu / rows


def _deliveries(databases: Databases, rows: int, report: Callable[[str], None]) -> tuple[Cost, Cost]:
    """Return what it costs to deliver `rows` records for the first time, and their next version."""
    report(f"distribution, {rows:,} deliveries twice")
    databases.use(DATABASE)
    subscribe([SHOWN], batch_size=CALL)
    fill(rows)
    with raw_cursor() as cursor:
        cursor.execute("ANALYZE")
    created = _delivered()
    return created, _round(rows, 2)


def _round(rows: int, version: int) -> Cost:
    touch(rows, version)
    return _delivered()


def _delivered() -> Cost:
    with measured([own_backend()]) as cost:
        while deliver_due(target=SHOWN, limit=500, worker="bench", now=database_now()).claimed:
            pass
    return cost


def _latencies(databases: Databases, rows: int, report: Callable[[str], None]) -> Figures:
    """Time commits at 50 changes a second, in turn beside a target that answers nothing and beside one that is well.

    Each round is a pair in the other order than the one before; of rounds the medians count, because a machine's own
    hiccups are longer than what is looked for.
    """
    rounds = ROUNDS if rows >= CHANGES else 1
    well: list[list[float]] = []
    ill: list[list[float]] = []
    for number in range(rounds):
        report(f"distribution, commit to call, round {number + 1} of {rounds}")
        for dead, found in ((False, well), (True, ill))[:: 1 if number % 2 else -1]:
            databases.use(DATABASE)
            found.append(call_latencies(SHOWN, min(CHANGES, rows), dead=[BESIDE] if dead else []))
            databases.drop(DATABASE)
    ratios = [quantile(beside, 0.99) / quantile(alone, 0.99) for alone, beside in zip(well, ill, strict=True)]
    return {
        "distribution.commit_to_call.p50_ms": median(quantile(found, 0.5) for found in well) * 1e3,
        "distribution.commit_to_call.p99_ms": median(quantile(found, 0.99) for found in well) * 1e3,
        "distribution.beside_dead.p50_ms": median(quantile(found, 0.5) for found in ill) * 1e3,
        "distribution.beside_dead.p99_ms": median(quantile(found, 0.99) for found in ill) * 1e3,
        "distribution.beside_dead.to_alone": median(ratios),
        "distribution.beside_dead.spread": max(ratios) - min(ratios),
    }
