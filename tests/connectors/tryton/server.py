"""Installs Tryton 8.2 in an environment of its own, prepares a database once, serves a copy of it on loopback."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mdm.local.paths import cache

SERIES = "8.2"
MODULES = ("party", "company", "project", "account_invoice", "sale_opportunity")
PASSWORD = "sandbox-tryton"
PREPARE = Path(__file__).parent / "prepare.py"


@dataclass(frozen=True)
class RealTryton:
    base_url: str
    ids: dict[str, int]


def folder() -> Path:
    """Where everything is kept: a change of modules or of the preparation makes a new one."""
    content = f"{SERIES} {MODULES} {PASSWORD} {PREPARE.read_text()}"
    return cache() / f"tryton-{SERIES}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def installed(home: Path) -> Path:
    """Return the folder of the environment's programs, making the environment when it is not there."""
    programs = home / "env" / "bin"
    if (home / "installed").exists():
        return programs
    beside = Path(sys.executable).parent / "uv"
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not there to install Tryton with")
    shutil.rmtree(home / "env", ignore_errors=True)
    subprocess.run([uv, "venv", "-q", str(home / "env"), "--python", sys.executable], check=True)
    wanted = [f"trytond~={SERIES}.0", *(f"trytond_{name}~={SERIES}.0" for name in MODULES)]
    got = subprocess.run(
        [uv, "pip", "install", "-q", "-p", str(programs / "python"), *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if got.returncode:
        pytest.skip(f"Tryton cannot be installed here: {got.stderr.strip()[-200:]}")
    (home / "installed").touch()
    return programs


def prepared(home: Path, programs: Path) -> Path:
    """Return the prepared database, making it when it is not there: that takes minutes."""
    ready = home / "prepared"
    if (ready / "ids.json").exists():
        return ready
    draft = home / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    (draft / "hub.sqlite").touch()
    (draft / "password").write_text(PASSWORD)
    conf = configuration(draft, 0)
    command = [str(programs / "trytond-admin"), "-c", str(conf), "-d", "hub", "-u", *MODULES]
    command += ["--activate-dependencies", "--email", "admin@example.com"]
    environment = {**os.environ, "TRYTONPASSFILE": str(draft / "password")}
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=1200)
    script = [str(programs / "python"), str(PREPARE), str(conf), str(draft / "ids.json")]
    subprocess.run(script, check=True, capture_output=True, timeout=600)
    shutil.rmtree(ready, ignore_errors=True)
    draft.rename(ready)
    return ready


def configuration(where: Path, port: int) -> Path:
    path = where / "trytond.conf"
    path.write_text(
        f"[database]\nuri = sqlite://\npath = {where}\n[web]\nlisten = 127.0.0.1:{port}\n"
        "[cache]\ntransaction = 10\n"
    )
    return path


@contextmanager
def real_tryton(scratch: Path) -> Iterator[RealTryton]:
    """Serve a copy of the prepared database; skips when it cannot be installed."""
    home = folder()
    home.mkdir(parents=True, exist_ok=True)
    programs = installed(home)
    ready = prepared(home, programs)
    for name in ("hub.sqlite", "ids.json"):
        shutil.copy(ready / name, scratch / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = configuration(scratch, port)
    with (scratch / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(programs / "trytond"), "-c", str(conf), "-d", "hub"], stdout=log, stderr=log
        )
        try:
            wait_for(port, server, scratch / "server.log")
            yield RealTryton(f"http://127.0.0.1:{port}", json.loads((scratch / "ids.json").read_text()))
        finally:
            server.terminate()
            server.wait(20)


def wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path, seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise AssertionError(f"Tryton does not answer: {log.read_text()[-2000:]}")
