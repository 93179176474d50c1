"""Deliverers and targets as processes of their own, so that they can be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """The test's own settings and database for a child process."""
    values = connection.settings_dict
    host = values["HOST"] or values["OPTIONS"].get("host", "")
    query = {name: value for name, value in (("host", host), ("port", values["PORT"])) if value}
    login = ":".join(quote(part, safe="") for part in (values["USER"], values["PASSWORD"]) if part)
    address = f"postgres://{login}@/{values['NAME']}?{urlencode(query)}"
    return {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "mdm.settings.test",
        "MDM_HOME": str(settings.MDM_HOME),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def process(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run our Python with these arguments; it is killed at the end of the block if it still runs."""
    child = subprocess.Popen(
        [sys.executable, *words],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)
        if child.stdout:
            child.stdout.close()


@contextmanager
def command(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a management command."""
    with process("-m", "django", *words) as child:
        yield child


_SERVE = """
import sys
from apps.connectors.sandbox import open_sandbox
server = open_sandbox(sys.argv[1], port=int(sys.argv[2]), state=sys.argv[3])
print("ready", flush=True)
server.serve_forever()
"""


@contextmanager
def sandbox_process(name: str, *, port: int, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a sandbox target whose state outlives it; ready when the block begins."""
    with process("-c", _SERVE, name, str(port), str(state)) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child


def eventually(happened: Callable[[], Any], *, within: float = 30.0) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answer := happened():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {within} s")
