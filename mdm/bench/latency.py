"""How long after its commit a change is on its way to a target: a real deliverer, changes at a steady rate."""

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context

from django.core.management import call_command
from django.db import connection

from apps.core.bulk import raw_cursor
from mdm.bench.outgoing import SEED, change, fill
from mdm.demo.benchmark import customers_only

RECORDS = 200
PER_SECOND = 50
_SETTLING = 1.5

# An attempt is written before its call; both clocks are this machine's.
_LATENCIES = """
SELECT extract(epoch FROM a.started_at - e.created_at)::float
FROM distribution_deliveryattempt a
JOIN connectors_connection c ON c.id = a.connection_id AND c.code = %s
JOIN outbox_outboxevent e ON e.record_id = a.record_id AND e.seq = a.seq
WHERE a.seq > 1
"""


def call_latencies(target: str, changes: int) -> list[float]:
    """Return the seconds from each commit to the start of its call at `target`, PER_SECOND of them a second."""
    fill(RECORDS)
    rows = list(enumerate(customers_only(RECORDS, SEED)))
    with _deliverer():
        time.sleep(_SETTLING)
        began = time.monotonic()
        for number in range(changes):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            change([rows[number % RECORDS]], 2 + number // RECORDS)
        time.sleep(_SETTLING)
    with raw_cursor() as cursor:
        cursor.execute(_LATENCIES, (target,))
        return [seconds for (seconds,) in cursor]


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
