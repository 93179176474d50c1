"""Threads of a deliverer: one per target that delivers, one per system with messages that fetches what they name."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime

import psycopg
import structlog
from django.db import InterfaceError, OperationalError, connection

from apps.distribution.clock import RunningClock, passed
from apps.distribution.selectors import database_now, waiting_inboxes
from apps.distribution.services import deliver_due, fetch_inbox
from apps.distribution.tasks import BATCH, worker_name

log = structlog.get_logger(__name__)
POLL_SECONDS = 1.0
DATABASE_AWAY = (OperationalError, InterfaceError, psycopg.OperationalError)
_CLOCK_SECONDS = 10.0
"""So long a thread goes by the time that the database has told."""


class Loop(threading.Thread, ABC):
    """Takes turns until told to stop, at the latest every second and at once when the bell rings."""

    def __init__(self, name: str, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.bell = threading.Event()
        self.failed = False
        self._stop_asked = stop
        self._told: RunningClock | None = None
        self._asked = 0.0

    def run(self) -> None:
        while True:
            self.bell.clear()  # before it is asked whether to stop: who stops it rings afterwards
            if self._stop_asked.is_set():
                break
            if not self.safely(self.turn):
                self.rest()
        connection.close()

    def rest(self) -> None:
        self.bell.wait(POLL_SECONDS)

    @abstractmethod
    def turn(self) -> bool:
        """Do what is to be done now; return whether there may be more."""

    def now(self) -> datetime:
        """Return the database's time, asked for every few seconds."""
        if self._told is None or passed() - self._asked > _CLOCK_SECONDS:
            self._told, self._asked = RunningClock(database_now()), passed()
        return self._told.now()

    def safely(self, turn: Callable[[], bool]) -> bool:
        """Take a turn; what fails is logged and noted, and left for another time."""
        self.failed = False
        try:
            return turn()
        except DATABASE_AWAY as error:
            log.warning("distribution.database.lost", loop=self.name, error=type(error).__name__)
        except Exception:
            log.exception("distribution.run.failed", loop=self.name)
        self.failed, self._told = True, None
        connection.close()
        return False


class TargetLoop(Loop):
    """Delivers to one target; a dead or slow one holds up nobody but itself."""

    def __init__(self, target: str, stop: threading.Event) -> None:
        super().__init__(f"deliver-{target}", stop)
        self.target = target

    def turn(self) -> bool:
        report = deliver_due(
            target=self.target, limit=BATCH, worker=worker_name(), now=self.now(), bell=self.bell
        )
        if report.gate == "rate":
            time.sleep(0.05)
        return report.claimed >= BATCH or report.gate == "rate"


class InboxLoop(Loop):
    """Fetches what one system's messages name, a bounded turn at a time; without messages it holds no connection."""

    def __init__(self, system: str, stop: threading.Event) -> None:
        super().__init__(f"fetch-{system}", stop)
        self.system = system

    def rest(self) -> None:
        connection.close()
        self.bell.wait()

    def turn(self) -> bool:
        settled = fetch_inbox(system=self.system, now=database_now())
        return settled > 0 or self.system in waiting_inboxes(now=database_now())
