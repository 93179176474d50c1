"""The hub's own programs as services: web, Celery worker, deliverer, scheduler and the sandbox targets."""

import errno
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mdm.local.children import LocalServiceError, spawn, started_at
from mdm.local.paths import ROOT
from mdm.local.supervisor import Supervisor

HEARTBEAT_SECONDS = 45.0
LONGEST_TASK_SECONDS = 3600.0


@dataclass
class Program:
    """One long-running command of the checkout."""

    name: str
    command: Sequence[str]
    env: dict[str, str]
    log: Path
    probe: Callable[[], bool] = lambda: True
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    death_signal: signal.Signals | None = None
    """Sent by the kernel when the supervisor dies; without, it is the signal that stops."""
    clear: Sequence[Path] = field(default_factory=tuple)

    def prepare(self) -> None:
        for path in self.clear:
            path.unlink(missing_ok=True)

    def spawn(self) -> subprocess.Popen[bytes]:
        death = self.death_signal or self.stop_signal
        return spawn(self.command, env=self.env, log=self.log, death_signal=death, cwd=ROOT)

    def ready(self) -> bool:
        return self.probe()


def manage(*arguments: str) -> list[str]:
    """The command line of a Django command in this interpreter."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def web(*, host: str, port: int, env: dict[str, str], state: Path) -> Program:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "4", "--respawn-failed-workers", "--no-ws"]
    command += ["--workers-kill-timeout", "10", "mdm.wsgi:application"]
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/ready"  # noqa: S104 - compared only
    return Program("web", command, env, state / "log/web.log", lambda: answers(address))


def worker(*, env: dict[str, str], state: Path, concurrency: int = 2) -> Program:
    command = [sys.executable, "-m", "celery", "-A", "mdm", "worker", "--loglevel", "INFO"]
    command += ["--concurrency", str(concurrency), "--without-gossip", "--without-mingle"]
    log, heartbeat = state / "log/worker.log", state / "run/heartbeat"
    # SIGTERM would wait for running tasks without end; what quitting cuts off is taken up again by its lease.
    return Program("worker", command, env, log, stop_signal=signal.SIGQUIT, clear=(heartbeat,))


def scheduler(*, env: dict[str, str], state: Path) -> Program:
    command = [sys.executable, "-m", "celery", "-A", "mdm", "beat", "--loglevel", "INFO", "--pidfile="]
    # Its handler of SIGTERM asks the database: in the middle of another question it would wait for itself.
    return Program("scheduler", command, env, state / "log/scheduler.log", death_signal=signal.SIGKILL)


def deliverer(*, env: dict[str, str], state: Path) -> Program:
    """Carries approved changes to the targets whether or not there is a broker."""
    return Program("deliverer", manage("deliver"), env, state / "log/deliverer.log")


def answers(address: str) -> bool:
    """True when an HTTP address answers with success."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - our own loopback address
            return bool(response.status < 400)
    except (urllib.error.URLError, OSError):
        return False


def accepts(host: str, port: int) -> bool:
    """True when something listens on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def free_port(wanted: int, *, host: str = "127.0.0.1", strict: bool = False) -> int:
    """`wanted`, or the next of 50 ports that is free; LocalServiceError when `strict` or none is.

    This process keeps the claim to its end, so hubs that start at the same moment never choose the same one.
    """
    for port in range(wanted, wanted + (1 if strict else 50)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as problem:
                if problem.errno == errno.EACCES:
                    raise LocalServiceError(f"port {port} needs more rights: choose one above 1023") from None
                continue
            if _claim(port):
                return port
    raise LocalServiceError(f"port {wanted} is taken: stop what listens there or choose another with --port")


_claims: dict[int, socket.socket] = {}


def _claim(port: int) -> bool:
    """Claim a port among all hubs of this machine by a name that only one socket may bear."""
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0mdm-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims[port] = claim
    return True


def progress_watch(
    state: Path, *, concurrency: int = 2, patience: float = HEARTBEAT_SECONDS
) -> Callable[[Supervisor], None]:
    """A watch that restarts a worker which lives but takes no tasks.

    A worker whose connection to the broker was cut can stay up and never consume again, so what counts is
    the heartbeat task. A worker with every slot in a running task is busy, not stuck.
    """
    started = time.time()

    def look(supervisor: Supervisor) -> None:
        nonlocal started
        entry = supervisor.running.get("worker")
        if entry is None or entry.child.poll() is not None:
            started = time.time()
            return
        mark = state / "run/heartbeat"
        last = max(started, mark.stat().st_mtime if mark.exists() else 0.0)
        if time.time() - last > patience and _busy_slots(state) < concurrency:
            started = time.time()
            supervisor.restart("worker", f"no heartbeat for {patience:.0f} s")

    return look


def _busy_slots(state: Path) -> int:
    now = time.time()
    busy = 0
    for mark in (state / "run/busy").glob("*"):
        try:
            fresh = now - mark.stat().st_mtime < LONGEST_TASK_SECONDS
        except OSError:
            continue
        if fresh and started_at(int(mark.name)):
            busy += 1
        else:
            mark.unlink(missing_ok=True)
    return busy
