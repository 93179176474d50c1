"""Deliverers and targets as processes of their own, so that they can be killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def forked(work: Callable[[], object]) -> Iterator[BaseProcess]:
    """Run `work` in a fork of this process, with a database connection of its own, until it is done or killed."""

    def child() -> None:
        connection.connect()
        work()

    connection.close()
    worker = get_context("fork").Process(target=child, daemon=True)
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()
        worker.join(10)


_SERVE = """
import sys
from apps.connectors.sandbox import open_sandbox
server = open_sandbox(sys.argv[1], port=int(sys.argv[2]), state=sys.argv[3])
print("ready", flush=True)
server.serve_forever()
"""


@contextmanager
def sandbox_process(name: str, *, port: int, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a sandbox target whose state outlives it; ready when the block begins, killed at its end."""
    words = [sys.executable, "-c", _SERVE, name, str(port), str(state)]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait(10)
        child.stdout.close()


def eventually(happened: Callable[[], Any], *, within: float = 30.0) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answer := happened():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {within} s")
