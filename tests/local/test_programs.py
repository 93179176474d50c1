"""Ports, and the watch that restarts a worker which lives but takes no tasks."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mdm.local.children import LocalServiceError
from mdm.local.programs import Program, accepts, answers, free_port, progress_watch
from mdm.local.supervisor import Supervisor
from tests.house.code import ROOT


def taken_port() -> tuple[socket.socket, int]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


def test_a_taken_port_gives_the_next_free_one() -> None:
    listener, port = taken_port()
    with listener:
        found = free_port(port)
        assert port < found < port + 50
        assert accepts("127.0.0.1", port)
        assert not answers(f"http://127.0.0.1:{found}/")


def test_a_taken_port_that_was_asked_for_is_an_error() -> None:
    listener, port = taken_port()
    with listener, pytest.raises(LocalServiceError, match=f"port {port} is taken.*--port"):
        free_port(port, strict=True)


def test_hubs_that_start_at_the_same_moment_choose_different_ports() -> None:
    listener, port = taken_port()
    with listener:
        mine = free_port(port)
        choose = f"from mdm.local.programs import free_port; print(free_port({port}))"
        chosen = subprocess.run(
            [sys.executable, "-c", choose], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert int(chosen.stdout) not in (port, mine)
        assert not accepts("127.0.0.1", mine)  # claimed, though nothing listens there yet


@pytest.fixture
def worker(state: Path) -> Program:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    return Program("worker", command, dict(os.environ), state / "log/worker.log")


def test_logs_are_for_their_owner_only(state: Path, worker: Program) -> None:
    worker.log.parent.mkdir(parents=True)
    worker.log.touch(mode=0o644)
    with Supervisor(state, lambda _: None) as boss:
        boss.start(worker, stage=1)
        assert worker.log.stat().st_mode & 0o777 == 0o600


def watched(state: Path, worker: Program, during: Callable[[], None], seconds: float = 1.5) -> list[str]:
    """What the supervisor says while the watch looks for `seconds`, with `during` called at each look."""
    said: list[str] = []
    with Supervisor(state, said.append) as boss:
        boss.start(worker, stage=1)
        end = time.monotonic() + seconds

        def over() -> bool:
            during()
            return time.monotonic() > end

        boss.watch([progress_watch(state, concurrency=1, patience=0.6)], until=over)
    return [line for line in said if "heartbeat" in line]


def test_a_worker_without_heartbeat_is_restarted(state: Path, worker: Program) -> None:
    assert watched(state, worker, lambda: None)[0] == "worker: no heartbeat for 1 s, restarting it"


def test_a_worker_with_heartbeats_is_left_alone(state: Path, worker: Program) -> None:
    assert watched(state, worker, (state / "run/heartbeat").touch) == []


def test_a_worker_with_every_slot_busy_is_left_alone(state: Path, worker: Program) -> None:
    mark = state / "run/busy" / str(os.getpid())
    mark.parent.mkdir(parents=True)
    assert watched(state, worker, mark.touch) == []


def test_the_mark_of_a_dead_process_is_no_excuse(state: Path, worker: Program) -> None:
    mark = state / "run/busy/999999999"
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert len(watched(state, worker, lambda: None)) >= 1
    assert not mark.exists()
