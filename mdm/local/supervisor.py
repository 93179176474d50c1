"""Starts local services in order, restarts what ends and stops everything cleanly."""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from mdm.local.children import LocalServiceError
from mdm.local.leftovers import (
    GRACE_SECONDS,
    await_end,
    dismiss_warden,
    recalled,
    remember,
    start_warden,
)

_TICK_SECONDS = 0.2
_HEALTHY_SECONDS = 60.0  # a service that ran this long starts anew without waiting
_LONGEST_PAUSE = 30.0
_LOG_BYTES = 10_000_000


class Service(Protocol):
    """What the supervisor can keep alive."""

    name: str
    log: Path
    stop_signal: signal.Signals
    stop_seconds: float

    def prepare(self) -> None:
        """Everything that must hold before a start; raises LocalServiceError."""

    def spawn(self) -> subprocess.Popen[bytes]: ...

    def ready(self) -> bool: ...


@dataclass
class Running:
    service: Service
    stage: int
    child: subprocess.Popen[bytes]
    since: float
    pause: float = 0.0
    start_again_at: float | None = None


Watch = Callable[["Supervisor"], None]


class Supervisor:
    """Use as a context manager: entering takes the lock of the home folder, leaving stops all services."""

    def __init__(
        self,
        state: Path,
        report: Callable[[str], None],
        *,
        leftover_seconds: float = 20.0,
        grace_seconds: float = GRACE_SECONDS,
        longest_pause: float = _LONGEST_PAUSE,
    ) -> None:
        self.state = state
        self.report = report
        self.leftover_seconds = leftover_seconds
        self.grace_seconds = grace_seconds
        self.longest_pause = longest_pause
        self.running: dict[str, Running] = {}
        self._lock: int | None = None
        self._warden: subprocess.Popen[bytes] | None = None
        self._record = state / "run/children.json"

    def __enter__(self) -> Self:
        (self.state / "run").mkdir(parents=True, exist_ok=True)
        lock = os.open(self.state / "run/lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(lock, 20).decode() or "unknown"
            os.close(lock)
            raise LocalServiceError(
                f"the hub already runs here (process {owner}): stop it, or give this one its own MDM_HOME"
            ) from None
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock
        self._end_leftovers()
        self._warden = start_warden(self._record, self.grace_seconds)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop_all()
            if self._warden:
                dismiss_warden(self._warden)
        finally:
            if self._lock is not None:
                os.close(self._lock)

    # -- starting -------------------------------------------------------------------------------------

    def start(self, *services: Service, stage: int, timeout: float = 60.0) -> None:
        """Start services side by side, wait until all are ready; LocalServiceError has the end of the log."""
        for service in services:
            service.prepare()
            _turn_log(service.log)
            self.running[service.name] = Running(service, stage, service.spawn(), time.monotonic())
        self._remember()
        deadline = time.monotonic() + timeout
        for service in services:
            child = self.running[service.name].child
            while not service.ready():
                if child.poll() is not None or time.monotonic() > deadline:
                    why = "ended at once" if child.poll() is not None else f"not ready after {timeout:.0f} s"
                    raise LocalServiceError(
                        f"{service.name} {why}; the end of {service.log}:\n{tail(service.log)}"
                    )
                time.sleep(_TICK_SECONDS / 2)

    def watch(self, watches: Sequence[Watch] = (), *, until: Callable[[], bool] = lambda: False) -> None:
        """Keep all services alive until `until()` holds or a signal arrives."""
        while not until():
            for entry in list(self.running.values()):
                self._revive(entry)
            for look in watches:
                look(self)
            time.sleep(_TICK_SECONDS)

    def run(self, command: Sequence[str], *, env: dict[str, str], cwd: Path) -> int:
        """Run a command to its end in the foreground while services are kept alive; return its code."""
        child = subprocess.Popen(command, env=env, cwd=cwd)
        try:
            self.watch(until=lambda: child.poll() is not None)
        finally:
            if child.poll() is None:
                child.terminate()
                child.wait()
        return child.wait()

    def restart(self, name: str, reason: str) -> None:
        """Stop one service; the watch loop starts it again."""
        entry = self.running[name]
        self.report(f"{name}: {reason}, restarting it")
        self._stop([entry])

    def stop(self, name: str) -> None:
        """Stop one service for good."""
        self._stop([self.running.pop(name)])
        self._remember()

    def _revive(self, entry: Running) -> None:
        code = entry.child.poll()
        if code is None:
            return
        now = time.monotonic()
        if entry.start_again_at is None:
            end_group(entry.child)
            ran = now - entry.since
            entry.pause = 0.0 if ran > _HEALTHY_SECONDS else self._longer(entry.pause)
            entry.start_again_at = now + entry.pause
            self.report(
                f"{entry.service.name} ended with code {code}, starting it again; see {entry.service.log}"
            )
        if now < entry.start_again_at:
            return
        try:
            entry.service.prepare()
            entry.child = entry.service.spawn()
        except (LocalServiceError, OSError) as problem:
            self.report(f"{entry.service.name} does not start: {problem}")
            entry.pause = self._longer(entry.pause)
            entry.start_again_at = now + entry.pause
            return
        entry.since, entry.start_again_at = now, None
        self._remember()

    def _longer(self, pause: float) -> float:
        return min(max(1.0, pause * 2), self.longest_pause)

    # -- stopping -------------------------------------------------------------------------------------

    def stop_all(self) -> None:
        """Stop stage by stage, last first; a second signal stops waiting."""
        for stage in sorted({entry.stage for entry in self.running.values()}, reverse=True):
            self._stop([entry for entry in self.running.values() if entry.stage == stage])
        self.running.clear()
        self._record.unlink(missing_ok=True)

    def _stop(self, entries: Sequence[Running]) -> None:
        for entry in entries:
            if entry.child.poll() is None:
                entry.child.send_signal(entry.service.stop_signal)
        deadline = time.monotonic() + max((entry.service.stop_seconds for entry in entries), default=0)
        with contextlib.suppress(KeyboardInterrupt):
            while any(entry.child.poll() is None for entry in entries) and time.monotonic() < deadline:
                time.sleep(_TICK_SECONDS / 4)
        for entry in entries:
            if entry.child.poll() is None:
                self.report(f"{entry.service.name} did not stop by itself, killing it")
            end_group(entry.child)
            entry.child.wait()

    # -- after a kill ---------------------------------------------------------------------------------

    def _remember(self) -> None:
        remember(self._record, [entry.child.pid for entry in self.running.values()])

    def _end_leftovers(self) -> None:
        """Children of a killed supervisor are on their way out; wait for them, then end them."""
        if left := recalled(self._record):
            self.report("waiting for the services of an earlier run to end")
            await_end(left, self.leftover_seconds)
        self._record.unlink(missing_ok=True)


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a child's session: pool processes of a worker that died, for instance."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"


def _turn_log(log: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))


@contextlib.contextmanager
def signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block like Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {sign: signal.signal(sign, interrupt) for sign in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for sign, action in before.items():
            signal.signal(sign, action)
