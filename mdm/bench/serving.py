"""A real web server as a child, and a caller that keeps its connection: what lookups are measured through."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket
from typing import Self

from django.db import connection

from mdm.bench.cpu import Cost, measured
from mdm.local.children import LocalServiceError
from mdm.local.programs import web
from mdm.local.supervisor import tail

HOST = "127.0.0.1"
START_SECONDS = 90
WARM_UP = 60


def _unused_port() -> int:
    """A port the kernel gives out: servers that start side by side never get the same one."""
    with socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


class Server:
    """One granian process on a free port, as `manage.py up` runs it; use as a context manager.

    `name` marks its database connections; `target` is what granian runs instead of the hub.
    """

    def __init__(
        self, name: str, state: Path, *, database: str, env: Mapping[str, str], target: tuple[str, ...] = ()
    ) -> None:
        self._name = name
        port = _unused_port()
        address = f"{database}{'&' if '?' in database else '?'}application_name={name}"
        self._program = web(
            host=HOST, port=port, env={**os.environ, **env, "DATABASE_URL": address}, state=state / name
        )
        if target:
            self._program.command = [*self._program.command[:-1], *target]
        self._caller = HTTPConnection(HOST, port, timeout=30)

    def __enter__(self) -> Self:
        self._child = self._program.spawn()
        return self

    def __exit__(self, *_: object) -> None:
        self._caller.close()
        self._child.terminate()
        self._child.wait(30)

    def await_start(self, path: str, headers: Mapping[str, str]) -> None:
        """Ask until it answers, then warm it up. Raises LocalServiceError with the end of its log."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                for _ in range(WARM_UP):
                    self.get(path, headers)
                return
            except (OSError, HTTPException):
                self._caller.close()
                if self._child.poll() is not None or time.monotonic() > deadline:
                    log = tail(self._program.log)
                    raise LocalServiceError(f"the web server does not answer:\n{log}") from None
                time.sleep(0.3)

    def get(self, path: str, headers: Mapping[str, str]) -> bytes:
        """Return the body; ValueError unless the answer is 200."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Post JSON and return the body; ValueError unless the answer is 200."""
        return self._ask("POST", path, body, {**headers, "Content-Type": "application/json"})

    def _ask(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        self._caller.request(method, path, body=body, headers=dict(headers))
        answer = self._caller.getresponse()
        found = answer.read()
        if answer.status != 200:
            raise ValueError(f"{method} {path} answered {answer.status}: {found[:300]!r}")
        return found

    def cost_of(self, paths: Sequence[str], headers: Mapping[str, str]) -> Cost:
        """Ask one after the other; the cost of the server and its database connections, not of asking."""

        def ask() -> None:
            for path in paths:
                self.get(path, headers)

        self.reconnect()
        self.get(paths[0], headers)
        return self.cost_while(ask)

    def reconnect(self) -> None:
        """Begin a new connection: the server may have ended one that was idle for a while."""
        self._caller.close()

    def cost_while(self, ask: Callable[[], object]) -> Cost:
        """Return what the server and its database connections spend while `ask` runs."""
        with measured(self.backends(), server=self._child.pid) as cost:
            ask()
        return cost

    def backends(self) -> list[int]:
        """Return the process ids of the server's database connections."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", (self._name,))
            return [pid for (pid,) in cursor.fetchall()]
