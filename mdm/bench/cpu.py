"""What a piece of work cost: wall time, and CPU time of this process, of server processes and of backends."""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cost:
    """Seconds: `wall`, and CPU of Python (`app`) and of PostgreSQL (`postgres`)."""

    wall: float = 0.0
    app: float = 0.0
    postgres: float = 0.0

    @property
    def cpu(self) -> float:
        return self.app + self.postgres

    def add(self, other: "Cost") -> None:
        self.wall += other.wall
        self.app += other.app
        self.postgres += other.postgres


def cpu_seconds(pid: int) -> float:
    """User and system CPU time of a process, all its threads, in steps of a clock tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def tree_cpu_seconds(pid: int) -> float:
    """The same of a process and its living descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(tree_cpu_seconds(int(child)) for child in children)


def own_backend() -> int:
    """Process id of the PostgreSQL backend that serves Django's connection."""
    connection.ensure_connection()
    pid: int = connection.connection.info.backend_pid
    return pid


@contextmanager
def measured(backends: Sequence[int] = (), server: int | None = None) -> Iterator[Cost]:
    """Yield a Cost that is filled when the block ends.

    `backends` are process ids on this machine; with `server`, `app` is the CPU of that process and its children
    instead of our own.
    """

    def app() -> float:
        return time.process_time() if server is None else tree_cpu_seconds(server)

    cost = Cost()
    cost.wall, cost.app, cost.postgres = time.perf_counter(), app(), sum(map(cpu_seconds, backends))
    yield cost
    cost.wall, cost.app = time.perf_counter() - cost.wall, app() - cost.app
    cost.postgres = sum(map(cpu_seconds, backends)) - cost.postgres


def median_cost(costs: Iterable[Cost]) -> Cost:
    """Return the measurement whose CPU is the (lower) median: on a shared machine single ones mislead."""
    ranked = sorted(costs, key=lambda cost: cost.cpu)
    return ranked[(len(ranked) - 1) // 2]
