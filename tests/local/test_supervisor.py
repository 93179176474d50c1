"""The supervisor: order, restart, clean stop, and nothing left behind by kill -9."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mdm.local.children import LocalServiceError, started_at
from mdm.local.supervisor import Supervisor
from tests.house.code import ROOT

Launch = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def launch(state: Path) -> Iterator[Launch]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.local.parent", str(state), *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(child)
        return child

    yield start
    for child in running:
        child.kill()
        child.communicate()


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def until(child: "subprocess.Popen[str]", words: str) -> list[str]:
    assert child.stdout is not None
    seen = []
    for line in child.stdout:
        seen.append(line.strip())
        if words in line:
            return seen
    raise AssertionError(f"{words!r} never came: {seen}")


def marks(state: Path) -> list[str]:
    return (state / "marks").read_text().splitlines()


def children(state: Path) -> list[int]:
    return [pid for pid, _ in json.loads((state / "run/children.json").read_text())]


def gone(pids: list[int]) -> bool:
    return not any(started_at(pid) for pid in pids)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_in_reverse_order(
    state: Path, launch: Launch, sign: signal.Signals
) -> None:
    parent = launch()
    until(parent, "all up")
    pids = children(state)
    parent.send_signal(sign)
    assert parent.wait(10) == 0
    assert gone(pids)
    assert marks(state) == [
        "store started",
        "program started",
        "program stopped",
        "store stopped",
    ]
    assert not (state / "run/children.json").exists()


def test_a_child_that_ignores_the_signal_is_killed(state: Path, launch: Launch) -> None:
    parent = launch("--stubborn")
    until(parent, "all up")
    pids = children(state)
    parent.terminate()
    assert parent.wait(10) == 0
    assert gone(pids)


def test_kill_9_takes_the_children_along_and_the_next_start_works(state: Path, launch: Launch) -> None:
    first = launch()
    until(first, "all up")
    pids = children(state)
    first.kill()
    first.wait()
    wait_for(lambda: gone(pids))
    second = launch()
    until(second, "all up")
    assert set(children(state)).isdisjoint(pids)


def test_kill_9_ends_a_child_that_does_not_listen_to_the_kernel(state: Path, launch: Launch) -> None:
    parent = launch("--deaf")
    until(parent, "all up")
    store, program = children(state)
    began = time.monotonic()
    parent.kill()
    wait_for(lambda: gone([store]))
    assert started_at(program)
    wait_for(lambda: gone([program]))
    assert 0.9 < time.monotonic() - began < 10


def test_a_second_supervisor_is_refused_by_name(state: Path, launch: Launch) -> None:
    first = launch()
    until(first, "all up")
    second = launch()
    said = until(second, "refused")[-1]
    assert said.startswith(f"refused: the hub already runs here (process {first.pid}): stop it")
    assert second.wait(10) == 1
    assert first.poll() is None


def test_a_child_that_dies_is_started_again_with_growing_pauses(state: Path, launch: Launch) -> None:
    parent = launch()
    until(parent, "all up")
    pauses = []
    for starts in (2, 3, 4):
        os.kill(children(state)[1], signal.SIGKILL)
        killed = time.monotonic()
        wait_for(lambda wanted=starts: marks(state).count("program started") == wanted)
        pauses.append(time.monotonic() - killed)
    assert 0.9 < pauses[0] < 2.0 < pauses[1] < 3.9 < pauses[2] < 7.0
    assert marks(state).count("store started") == 1


def test_leftovers_of_an_earlier_run_are_ended_only_when_they_are_ours(state: Path) -> None:
    ours = subprocess.Popen(["sleep", "60"], start_new_session=True)
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    record = [[ours.pid, started_at(ours.pid)], [other.pid, "1"]]
    (state / "run").mkdir()
    (state / "run/children.json").write_text(json.dumps(record))
    try:
        with Supervisor(state, lambda text: None, leftover_seconds=0.2):
            assert ours.wait(5) == -signal.SIGKILL
            assert other.poll() is None
    finally:
        ours.kill()
        other.kill()


def test_a_service_that_ends_at_once_is_reported_with_its_log(state: Path) -> None:
    class Broken:
        name = "broken"
        stop_signal = signal.SIGTERM
        stop_seconds = 1.0
        log = state / "log/broken.log"

        def prepare(self) -> None: ...

        def spawn(self) -> subprocess.Popen[bytes]:
            self.log.parent.mkdir()
            return subprocess.Popen(["sh", "-c", f"echo no such disk > {self.log}; exit 3"])

        def ready(self) -> bool:
            return False

    with Supervisor(state, print) as boss, pytest.raises(LocalServiceError, match="no such disk"):
        boss.start(Broken(), stage=1)
