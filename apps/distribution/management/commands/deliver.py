"""Deliver and fetch what webhooks named for ever, with no broker: LISTEN, look once a second; a thread for each."""

import signal
import threading
import time
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from apps.connectors.models import Connection
from apps.distribution.deliverer import DATABASE_AWAY, POLL_SECONDS, InboxLoop, Loop, TargetLoop
from apps.distribution.hints import CHANNEL, INBOX_CHANNEL
from apps.distribution.selectors import database_now, waiting_inboxes

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Deliver approved changes to all targets and fetch what webhooks named, without a broker."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")
        parser.add_argument(
            "--target", action="append", default=[], help="only this connection; may be repeated"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._only, self._stop = options["target"], threading.Event()
        if options["once"]:
            self._once()
            return
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stop.set())
        self._loops: dict[str, Loop] = {}
        while not self._stop.is_set():
            try:
                self._listen()
            except DATABASE_AWAY as error:
                log.warning("distribution.listen.lost", error=type(error).__name__)
                connection.close()
                self._stop.wait(POLL_SECONDS)
        for loop in self._loops.values():
            loop.bell.set()
        for loop in self._loops.values():
            loop.join()

    def _once(self) -> None:
        loops: list[Loop] = [TargetLoop(code, self._stop) for code in self._targets()]
        loops += [InboxLoop(code, self._stop) for code in self._inboxes()]
        for loop in loops:
            while loop.safely(loop.turn):
                pass
        if failed := [loop.name for loop in loops if loop.failed]:
            raise CommandError(f"Not done: {', '.join(failed)}. The log says why; all others were served.")

    def _targets(self) -> list[str]:
        rows = Connection.objects.filter(subscriptions__isnull=False).distinct().order_by("code")
        return [code for code in rows.values_list("code", flat=True) if not self._only or code in self._only]

    def _inboxes(self) -> list[str]:
        waiting = waiting_inboxes(now=database_now())
        return [code for code in waiting if not self._only or code in self._only]

    def _listen(self) -> None:
        connection.ensure_connection()
        raw = connection.connection
        for channel in (CHANNEL, INBOX_CHANNEL):
            raw.execute(f"LISTEN {channel}")
        looked = 0.0
        while not self._stop.is_set():
            if time.monotonic() - looked >= POLL_SECONDS:
                looked = time.monotonic()
                for code in self._targets():
                    self._loop(TargetLoop, code)
                self._wake_inboxes()
            # As a list: the connection is locked while it is listened to, and what follows asks it.
            for told in list(raw.notifies(timeout=POLL_SECONDS / 4, stop_after=1)):
                if told.channel == INBOX_CHANNEL:
                    self._wake_inboxes()
                    continue
                for loop in self._loops.values():
                    if isinstance(loop, TargetLoop):
                        loop.bell.set()

    def _wake_inboxes(self) -> None:
        for code in self._inboxes():
            self._loop(InboxLoop, code).bell.set()

    def _loop(self, kind: type[TargetLoop] | type[InboxLoop], code: str) -> Loop:
        """Return the thread that serves a system in this way, started when it is the first time."""
        name = f"{kind.__name__} {code}"
        if name not in self._loops:
            self._loops[name] = kind(code, self._stop)
            self._loops[name].start()
        return self._loops[name]
