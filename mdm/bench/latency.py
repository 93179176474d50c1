"""How long after its commit a change is on its way to a target: a real deliverer, changes at a steady rate."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from tempfile import NamedTemporaryFile

from django.core.management import call_command
from django.db import connection

from mdm.bench.outgoing import SEED, change, fill, record_id, subscribe
from mdm.demo.benchmark import customers_only

BESIDE = "bench_beside"
CALL = 25
"""Records per call, as a new target gets them by default."""
RECORDS = 200
PER_SECOND = 50
_SETTLING = 1.5


def call_latencies(target: str, changes: int, *, dead: Sequence[str]) -> list[float]:
    """Return the seconds from the end of each commit to the start of its call at `target`, PER_SECOND of them a second.

    Beside it stands one more target, which never answers when it is `dead`. Both clocks are this machine's.
    """
    with NamedTemporaryFile("r", prefix="mdm-bench-calls-") as told:
        subscribe([target, BESIDE], batch_size=CALL, dead=dead, calls=told.name)
        fill(RECORDS)
        rows = list(enumerate(customers_only(RECORDS, SEED)))
        committed: dict[str, float] = {}
        with _deliverer():
            time.sleep(_SETTLING)
            began = time.monotonic()
            for number in range(changes):
                time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
                version = 2 + number // RECORDS
                change([rows[number % RECORDS]], version)
                committed[f"{record_id(number % RECORDS)} {version}"] = time.time()
            time.sleep(_SETTLING)
        calls = (line.rsplit(" ", 1) for line in told.read().splitlines())
        return [float(at) - committed[written] for written, at in calls if written in committed]


@contextmanager
def _deliverer() -> Iterator[None]:
    """Run `manage.py deliver` in a fork, which knows the targets of the benchmark."""
    connection.close()
    child = get_context("fork").Process(target=call_command, args=("deliver",), daemon=True)
    child.start()
    try:
        yield
    finally:
        if child.pid:
            os.kill(child.pid, signal.SIGTERM)
        child.join(15)
        child.kill()


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value below which `part` of them lie."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * part))]
