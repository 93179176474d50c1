"""The two commands as a newcomer meets them: start, stop, kill, start again, and the check."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mdm.local.children import started_at
from mdm.local.programs import answers
from tests.house.code import ROOT
from tests.local.test_supervisor import children, gone, until, wait_for

pytestmark = pytest.mark.full
Up = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def up(state: Path) -> Iterator[Up]:
    """Start `manage.py up` with stores of its own in `state`."""
    embedded = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "MDM_CHECKING")
    env = {name: value for name, value in os.environ.items() if name not in embedded}
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, broken: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "manage.py", "up", *arguments],
            cwd=ROOT,
            env={**env, **(broken or {}), "MDM_HOME": str(state)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(child)
        return child

    yield start
    for child in running:
        if child.poll() is None:
            child.terminate()
            child.communicate(timeout=60)


def address_of(lines: list[str]) -> str:
    [address] = re.findall(r"The hub runs: (http://127\.0\.0\.1:\d+)/admin/", "\n".join(lines))
    return str(address)


def test_start_kill_start_again_and_stop(state: Path, up: Up) -> None:
    first = up("--no-demo")
    lines = until(first, "Ctrl-C stops everything")
    address = address_of(lines)
    assert answers(f"{address}/ready")
    logins = (state / "secrets/logins.json").stat()
    assert logins.st_mode & 0o777 == 0o600
    pids = children(state)
    assert len(pids) == 8

    refused = up("--no-demo")
    assert f"the hub already runs here (process {first.pid})" in refused.communicate(timeout=60)[0]
    assert refused.returncode == 1

    first.kill()
    first.wait()
    wait_for(lambda: gone(pids), 90)  # PostgreSQL writes a last checkpoint
    began = time.monotonic()
    second = up("--no-demo")
    until(second, "Ctrl-C stops everything")
    assert time.monotonic() - began < 120  # seconds on an idle machine
    pids = children(state)
    second.send_signal(signal.SIGINT)
    assert "stopped" in second.communicate(timeout=60)[0]
    assert second.returncode == 0
    assert gone(pids)
    assert not any(started_at(pid) for pid in pids)


def test_the_check_sees_a_record_go_all_the_way(up: Up) -> None:
    said, _ = up("--check", "--no-demo").communicate(timeout=400)
    assert "check passed: landed, golden, in both targets" in said, said


def test_the_check_fails_with_the_reason(up: Up) -> None:
    failing = up("--check", "--no-demo", broken={"MDM_PG_BIN": "/nowhere"})
    said, _ = failing.communicate(timeout=120)
    assert failing.returncode == 1
    assert "no usable PostgreSQL programs: set MDM_PG_BIN" in said
