"""Webhooks that a sandbox sends when a record changes in it: in the vendor's words, repeated until they are taken."""

import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from apps.connectors.sandbox.store import Row

TRIES = 5
_TIMEOUT = 5.0
changed_by: ContextVar[str] = ContextVar("changed_by", default="person")
"""Who changes records now: "api" while a request of the vendor's API is answered."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A change of a record: created, updated or deleted, by whom, and the names of the fields."""

    row: Row
    verb: str
    changed: tuple[str, ...]
    by: str
    number: int
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Sent:
    """One try to send: the status of the answer, 0 when none came."""

    status: int
    body: bytes
    headers: Mapping[str, str]


Packed = tuple[bytes, Mapping[str, str]]


class Sender:
    """Sends from a thread of its own; nothing is sent before `arm`."""

    def __init__(self, pack: Callable[[Happened, str, int], Packed | None]) -> None:
        self._pack = pack
        self._queue: queue.Queue[Happened | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._number = 0
        self.url = ""
        self.sent: list[Sent] = []

    def arm(self, url: str) -> None:
        """Send what happens from now on to an address; an empty one ends it."""
        self.url = url
        if url and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
            self._thread.start()

    def heard(self, row: Row, verb: str, changed: tuple[str, ...]) -> None:
        """Take note of a change; called by the store."""
        if self.url and verb != "unchanged":
            self._number += 1
            self._queue.put(Happened(row, verb, changed, changed_by.get(), self._number))

    def wait(self) -> list[Sent]:
        """Return all tries, once everything that happened was sent or given up."""
        self._queue.join()
        return list(self.sent)

    def close(self) -> None:
        self.url = ""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(_TIMEOUT)

    def _run(self) -> None:
        while (happened := self._queue.get()) is not None:
            try:
                self._send(happened)
            finally:
                self._queue.task_done()
        self._queue.task_done()

    def _send(self, happened: Happened) -> None:
        for attempt in range(TRIES):
            url = self.url
            packed = self._pack(happened, url, attempt) if url else None
            if packed is None:
                return
            status = _post(url, *packed)
            self.sent.append(Sent(status, *packed))
            if 200 <= status < 300:
                return
            time.sleep(0.1 * 2**attempt)


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post to an address on this machine; return the status, 0 when there is no answer."""
    if not url.startswith(("http://127.0.0.1:", "http://localhost:")):
        return 0
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})  # noqa: S310 - loopback only
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - loopback only
            status: int = answer.status
            return status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
