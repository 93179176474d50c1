"""The verb that delivers."""

import threading
from datetime import datetime

from apps.connectors.selectors import connector_for
from apps.distribution.clock import RunningClock
from apps.distribution.contracts import RunReport
from apps.distribution.gate import connection_called
from apps.distribution.run import DeliveryRun


def deliver_due(
    *, target: str, limit: int, worker: str, now: datetime, bell: threading.Event | None = None
) -> RunReport:
    """Deliver what is due to one target (its connection's code), at most `limit` lanes, and report.

    Whoever knows of new changes sets `bell`: they go out beside calls that have not come back yet.
    Any number of workers may call this at the same time, on any machine; a killed one loses nothing.
    Must not be called inside a transaction: calls to the target are made with none open.
    """
    connection = connection_called(target)
    connector = connector_for(connection)
    run = DeliveryRun(
        connection=connection,
        connector=connector,
        limit=limit,
        worker=worker[:100],
        clock=RunningClock(now),
        bell=bell,
    )
    return run.run()
