"""The record of running services: by it the warden and the next start find what a killed supervisor left."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from mdm.local.children import started_at
from mdm.local.paths import ROOT, write_private

GRACE_SECONDS = 30.0
_LOOK_SECONDS = 0.1


def remember(record: Path, pids: Iterable[int]) -> None:
    """Write down the leaders of the services' sessions with the moment each began."""
    write_private(record, json.dumps([[pid, started_at(pid)] for pid in pids]))


def recalled(record: Path) -> dict[int, str]:
    """Return recorded leaders that still run, each with the moment it began: a reused number is not ours."""
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        return {}
    return {pid: began for pid, began in known if began and started_at(pid) == began}


def kill_group(pid: int, began: str) -> None:
    """Kill what is left of a service's session, unless the leader's number belongs to somebody else by now."""
    if started_at(pid) in ("", began):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def await_end(left: Mapping[int, str], seconds: float) -> None:
    """Wait until these have ended by themselves, then kill; with a leader goes what is left of its session."""
    deadline = time.monotonic() + seconds
    waiting = dict(left)
    while waiting:
        late = time.monotonic() >= deadline
        for pid, began in list(waiting.items()):
            if late or started_at(pid) != began:
                kill_group(pid, began)
                del waiting[pid]
        if waiting:
            time.sleep(_LOOK_SECONDS)


def start_warden(record: Path, grace_seconds: float) -> subprocess.Popen[bytes]:
    """Start a process that outlives us: once we let go of its input, it ends what is then on record.

    The kernel tells children that we died, but one that is stuck in its own handler never listens.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "mdm.local.leftovers", str(record), str(grace_seconds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def dismiss_warden(warden: subprocess.Popen[bytes]) -> None:
    """End the warden: all it would look after has ended."""
    warden.kill()
    warden.wait()
    if warden.stdin:
        warden.stdin.close()


if __name__ == "__main__":
    sys.stdin.buffer.read()  # comes to an end when the supervisor lets go or dies
    await_end(recalled(Path(sys.argv[1])), float(sys.argv[2]))
