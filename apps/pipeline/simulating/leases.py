"""Who works on a simulation: claimed under a lease, kept by a heartbeat, taken up again once, then given up."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from uuid import UUID

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError

from apps.core.bulk import raw_cursor
from apps.core.errors import HubError
from apps.pipeline.models import Simulation
from apps.pipeline.simulating.progress import Progress

LEASE = timedelta(seconds=60)
"""A worker that gives no sign for so long is taken for dead."""
BEAT = 1.0
"""Seconds between two signs."""
TRIES = 2
"""Workers that may lose one simulation; more of them would die of the same, of too little memory for example."""
PATIENCE = timedelta(seconds=20)
"""How long a queued simulation may wait for the worker that was called before others are."""

log = logging.getLogger(__name__)


class SimulationLost(HubError):
    code = "simulation_lost"
    title = "The simulation was cancelled, or another worker has taken it over"
    status = 409


def claim_simulation(*, simulation_id: UUID, worker: str) -> Simulation | None:
    """Take a simulation nobody works on; None: it is over, or in other hands."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            UPDATE pipeline_simulation SET status = 'running', stage = 'starting', progress = 0, token = token + 1,
                worker = %(worker)s, started_at = clock_timestamp(), lease_until = clock_timestamp() + %(lease)s
            WHERE id = %(id)s AND (status = 'queued' OR (status = 'running'
                  AND (lease_until IS NULL OR lease_until < clock_timestamp()) AND token < %(tries)s))
            RETURNING id
            """,
            {"id": simulation_id, "worker": worker[:100], "lease": LEASE, "tries": TRIES},
        )
        claimed = cursor.fetchone()
    return Simulation.objects.get(pk=simulation_id) if claimed else None


def sweep_simulations(*, now: datetime) -> list[UUID]:
    """End simulations that every worker was lost on; return those that wait for one, the oldest first."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            UPDATE pipeline_simulation SET status = 'failed', finished_at = %(now)s, stage = '', error = format(
                'Its worker gave no sign any more (%%s), %%s times: killed, or out of memory. Simulate again.',
                worker, token)
            WHERE status = 'running' AND token >= %(tries)s
              AND (lease_until IS NULL OR lease_until < clock_timestamp()) RETURNING id
            """,
            {"now": now, "tries": TRIES},
        )
        for (ended,) in cursor.fetchall():
            log.error("pipeline.simulation.given_up id=%s", ended)
        cursor.execute(
            """
            SELECT id FROM pipeline_simulation
            WHERE (status = 'queued' AND requested_at < %(early)s)
               OR (status = 'running' AND (lease_until IS NULL OR lease_until < clock_timestamp()))
            ORDER BY requested_at
            """,
            {"early": now - PATIENCE},
        )
        return [waiting for (waiting,) in cursor]


@contextmanager
def keeping(simulation: Simulation) -> Iterator[Progress]:
    """Keep the lease of a simulation until the block ends; yield what tells how far it is.

    A thread with a connection of its own writes, for the block itself reads only. Telling raises SimulationLost once
    the simulation was cancelled or taken over.
    """
    heart = _Heart(simulation, connection.copy())
    thread = Thread(target=heart.beat, daemon=True)
    thread.start()
    try:
        yield heart.tell
    finally:
        heart.stop.set()
        thread.join()


class _Heart:
    def __init__(self, simulation: Simulation, other: BaseDatabaseWrapper) -> None:
        self._simulation, self._other = simulation, other
        self._told = ("starting", 0.0)
        self.stop, self._lost = Event(), Event()
        other.inc_thread_sharing()

    def tell(self, stage: str, share: float) -> None:
        if self._lost.is_set():
            raise SimulationLost(
                f"Somebody else decides about {self._simulation.subject}; this worker stops."
            )
        self._told = stage[:100], round(share, 3)

    def beat(self) -> None:
        try:
            while not self._lost.is_set():
                try:
                    self._sign()
                except DatabaseError as error:  # out of reach for a moment; the lease tells if for longer
                    log.warning("pipeline.simulation.no_sign id=%s", self._simulation.pk, exc_info=error)
                    self._other.close()
                if self.stop.wait(BEAT):
                    return
        finally:
            self._other.close()

    def _sign(self) -> None:
        stage, share = self._told
        mine = (self._simulation.pk, self._simulation.token)
        with self._other.cursor() as cursor:
            cursor.execute(
                "UPDATE pipeline_simulation SET stage = %s, progress = %s, lease_until = clock_timestamp()"
                " + make_interval(secs => %s) WHERE id = %s AND token = %s AND status = 'running'",
                (stage, share, LEASE.total_seconds(), *mine),
            )
            if cursor.rowcount:
                return
            cursor.execute("SELECT 1 FROM pipeline_simulation WHERE id = %s", (self._simulation.pk,))
            if cursor.fetchone():  # else it is of a transaction that nobody else sees yet
                self._lost.set()
