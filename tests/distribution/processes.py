"""Deliverers and targets as processes of their own, so that they can be killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """The test's own settings and database for a child process."""
    values = connection.settings_dict
    user, password = values["USER"], values["PASSWORD"]
    login = f"{user}:{password}@" if password else f"{user}@"
    address = f"postgres://{login}/{values['NAME']}?host={values['HOST']}&port={values['PORT'] or 5432}"
    return {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "mdm.settings.test",
        "MDM_HOME": str(settings.MDM_HOME),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def command(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a management command; it is killed at the end of the block if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "django", *words],
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
        if process.stdout:
            process.stdout.close()


@contextmanager
def sandbox_process(name: str, *, port: int, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a sandbox target whose state outlives it; ready when the block begins."""
    with command("run_sandbox", name, "--port", str(port), "--state", str(state)) as process:
        assert process.stdout is not None
        assert f":{port}" in process.stdout.readline()
        yield process


def eventually(happened: Callable[[], Any], *, within: float = 30.0) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answer := happened():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"did not happen within {within} s")
