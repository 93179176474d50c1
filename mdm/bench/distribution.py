"""How fast approved changes leave the hub: deliveries a second, commit to call, what a dead target does to others."""

from collections.abc import Callable

from apps.core.bulk import raw_cursor
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due
from mdm.bench.cpu import Cost, measured, own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.latency import call_latencies, quantile
from mdm.bench.outgoing import fill, subscribe, touch

DATABASE = "distribution"
SHOWN = "bench_shown"
DEAD = "bench_dead"
CALL = 25
"""Records per call, as a new target gets them by default."""
ROUNDS = 3
CHANGES = 500
"""Commits timed in each round, ten seconds of them; fewer, and one round, of small runs."""


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
    """Time commits at 50 changes a second, in turn with a target that answers nothing beside it and without."""
    alone: list[float] = []
    beside: list[float] = []
    rounds = ROUNDS if rows >= 2 * CHANGES else 1
    for number in range(rounds):
        report(f"distribution, commit to call, round {number + 1} of {rounds}")
        for dead, found in ((False, alone), (True, beside)):
            databases.use(DATABASE)
            subscribe([SHOWN, DEAD], batch_size=CALL, dead=[DEAD] if dead else [])
            found.extend(call_latencies(SHOWN, min(CHANGES, rows // 2)))
            databases.drop(DATABASE)
    return {
        "distribution.commit_to_call.p50_ms": quantile(alone, 0.5) * 1e3,
        "distribution.commit_to_call.p99_ms": quantile(alone, 0.99) * 1e3,
        "distribution.beside_dead.p50_ms": quantile(beside, 0.5) * 1e3,
        "distribution.beside_dead.p99_ms": quantile(beside, 0.99) * 1e3,
        "distribution.beside_dead.to_alone": quantile(beside, 0.99) / quantile(alone, 0.99),
    }
