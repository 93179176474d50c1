"""Strikes while the hub runs: finds who is to be killed, kills, empties the broker, arms faults of the targets."""

import contextlib
import json
import os
import shutil
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mdm.local.supervisor import Running, Supervisor
from tests.distribution.kills.schedule import WIPE_SECONDS, Strike

_LOOK_SECONDS = 2.0
_LONGEST_REST = 15.0


@dataclass
class Nemesis:
    """A watch of the supervisor: strikes when the next one is due, passes over who is not there in time.

    A kill waits for the hub to get somewhere since the last one (`rested`), or for _LONGEST_REST: on a slow machine a
    program that is killed before it has started proves nothing.
    """

    strikes: Iterator[Strike]
    addresses: dict[str, str]
    rested: Callable[[], bool]
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    last: float = 0.0
    _next: Strike | None = None
    _due: float = 0.0
    _looking: float | None = None

    def __call__(self, supervisor: Supervisor) -> None:
        now = time.monotonic()
        if self._next is None:
            self._next = next(self.strikes, None)
            if self._next is None:
                return
            self._due = now + self._next.pause
        if now < self._due or (self._next.victim and now - self.last < _LONGEST_REST and not self.rested()):
            return
        if self._struck(supervisor, self._next):
            self.last = now if self._next.victim else self.last
            self._next = self._looking = None
        elif self._looking is None:
            self._looking = now
        elif now - self._looking > _LOOK_SECONDS:
            self._next, self._looking, self.missed = None, None, self.missed + 1

    @property
    def done(self) -> int:
        return sum(self.kills.values())

    def _struck(self, supervisor: Supervisor, strike: Strike) -> bool:
        if strike.fault is not None:
            with contextlib.suppress(OSError):
                arm(self.addresses[strike.target], strike.fault)
            self.faults[str(strike.fault["kind"])] += 1
            return True
        if strike.victim == "broker wipe":
            return self._wipe(supervisor.running["broker"], supervisor.state)
        found = victims(supervisor, strike.victim)
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(found[int(strike.roll * len(found))], signal.SIGKILL)
            self.kills[strike.victim] += 1
        return True

    def _wipe(self, broker: Running, state: Path) -> bool:
        """Kill the broker, take its files away, and keep it down for a while."""
        if broker.child.poll() is not None:
            return False
        broker.child.kill()
        broker.child.wait()
        shutil.rmtree(state / "broker")
        broker.start_again_at = time.monotonic() + WIPE_SECONDS
        self.kills["broker wipe"] += 1
        return True


def victims(supervisor: Supervisor, kind: str) -> Sequence[int]:
    """Return the processes that live now and are of a kind."""
    name, _, part = kind.partition(" ")
    entry = supervisor.running["postgres" if kind == "postmaster" else name]
    leader = entry.child.pid
    if entry.child.poll() is not None:
        return []
    if not part:
        return [leader]
    return [pid for pid in children_of(leader) if part != "backend" or _serves_a_client(pid)]


def children_of(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return sorted(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return []


def _serves_a_client(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"mdm mdm" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def arm(address: str, fault: dict[str, object]) -> None:
    """Arm a fault of a sandbox target."""
    _control(address, "POST", json.dumps(fault).encode())


def disarm(address: str) -> None:
    """Take back all faults of a sandbox target that have not struck."""
    _control(address, "DELETE", None)


def _control(address: str, method: str, content: bytes | None) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/__fault__", content, headers, method=method)  # noqa: S310 - our own loopback address
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - our own loopback address
