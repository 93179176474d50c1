"""Deliver and fetch what webhooks named for ever, with no broker: LISTEN, look once a second; a thread per target."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

import psycopg
import structlog
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from apps.connectors.models import Connection
from apps.distribution.hints import CHANNEL
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due, fetch_inbox
from apps.distribution.tasks import BATCH, worker_name

log = structlog.get_logger(__name__)
POLL_SECONDS = 1.0


class TargetLoop(threading.Thread):
    """Delivers to one target until told to stop; a dead or slow target holds up nobody but itself."""

    def __init__(self, target: str, stop: threading.Event) -> None:
        super().__init__(name=f"deliver-{target}", daemon=True)
        self.target = target
        self.wake = threading.Event()
        self._stop_asked = stop

    def run(self) -> None:
        while not self._stop_asked.is_set():
            self.wake.clear()
            if not self.deliver_once():
                self.wake.wait(POLL_SECONDS)
        connection.close()

    def deliver_once(self) -> bool:
        """Deliver what is due, fetch what was named; return whether there may be more right now."""
        try:
            report = deliver_due(target=self.target, limit=BATCH, worker=worker_name(), now=database_now())
            fetched = fetch_inbox(system=self.target, now=database_now())
        except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
            log.warning("distribution.database.lost", target=self.target, error=type(error).__name__)
            connection.close()
            return False
        except Exception:
            log.exception("distribution.run.failed", target=self.target)
            connection.close()
            return False
        if report.gate == "rate":
            time.sleep(0.05)
        return report.claimed > 0 or report.gate == "rate" or fetched > 0


class Command(BaseCommand):
    help = "Deliver approved changes to all targets, without a broker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="deliver what is due now, then stop")
        parser.add_argument(
            "--target", action="append", default=[], help="only this connection; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            for code in self._targets(options["target"]):
                while TargetLoop(code, threading.Event()).deliver_once():
                    pass
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        loops: dict[str, TargetLoop] = {}
        while not stop.is_set():
            try:
                self._listen(options["target"], loops, stop)
            except (OperationalError, InterfaceError, psycopg.OperationalError) as error:
                log.warning("distribution.listen.lost", error=type(error).__name__)
                connection.close()
                stop.wait(POLL_SECONDS)
        for loop in loops.values():
            loop.wake.set()
        for loop in loops.values():
            loop.join()

    def _targets(self, only: list[str]) -> list[str]:
        rows = Connection.objects.filter(subscriptions__isnull=False).distinct().order_by("code")
        return [code for code in rows.values_list("code", flat=True) if not only or code in only]

    def _listen(self, only: list[str], loops: dict[str, TargetLoop], stop: threading.Event) -> None:
        connection.ensure_connection()
        raw = connection.connection
        raw.execute(f"LISTEN {CHANNEL}")
        looked = 0.0
        while not stop.is_set():
            if time.monotonic() - looked >= POLL_SECONDS:
                looked = time.monotonic()
                for code in self._targets(only):
                    if code not in loops:
                        loops[code] = TargetLoop(code, stop)
                        loops[code].start()
            for _ in raw.notifies(timeout=POLL_SECONDS / 4, stop_after=1):
                for loop in loops.values():
                    loop.wake.set()
