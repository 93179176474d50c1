"""Databases of a benchmark's own: on the configured server, or on a private PostgreSQL that is thrown away."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.core.management import call_command
from django.db import connections
from psycopg import sql

from apps.core.clock import utcnow
from mdm.local.paths import database_url, socket_folder
from mdm.local.postgres import THROW_AWAY, Postgres
from mdm.local.supervisor import Supervisor
from mdm.seeds import seed_defaults
from mdm.settings.base import database

NOWHERE = {"MDM_SANDBOX_CRM_URL": "http://127.0.0.1:9", "MDM_SANDBOX_ERP_URL": "http://127.0.0.1:9"}
"""Targets subscribe to changes as in a real hub; nothing delivers, so nothing listens."""


@contextmanager
def server(report: Callable[[str], None]) -> Iterator[str]:
    """Yield the address of a database on the configured server, or on a private one that lives for the block."""
    if configured := os.environ.get("DATABASE_URL"):
        yield configured
        return
    state = Path(tempfile.mkdtemp(prefix="mdm-bench-"))
    state.chmod(0o711)  # PostgreSQL's account must walk through it
    try:
        with Supervisor(state, report) as supervisor:
            report("starting a private PostgreSQL")
            supervisor.start(Postgres(state, settings=THROW_AWAY), stage=1)
            yield database_url(state, "postgres")
    finally:
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(socket_folder(state), ignore_errors=True)


class Databases:
    """A migrated, seeded template and the copies made of it; leaving the block drops them all."""

    def __init__(self, address: str, report: Callable[[str], None]) -> None:
        self._address = address
        self._report = report
        self._made: list[str] = []
        self._prefix = f"bench_{os.getpid()}"

    def __enter__(self) -> "Databases":
        self._report("migrating the template database")
        self._create("base")
        self._connect(self.address_of("base"))
        call_command("migrate", verbosity=0, interactive=False)
        before = {name: os.environ.get(name) for name in NOWHERE}
        os.environ.update(NOWHERE)
        try:
            seed_defaults(now=utcnow())
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        self._connect(self._address)
        return self

    def __exit__(self, *_: object) -> None:
        self._connect(self._address)
        with connections["default"].cursor() as cursor:
            for name in self._made:
                cursor.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )
        connections["default"].close()

    def address_of(self, name: str) -> str:
        """Return the address of one of these databases."""
        parts = urlsplit(self._address)
        return urlunsplit(parts._replace(path=f"/{self._prefix}_{name}"))

    def use(self, name: str) -> str:
        """Point Django at a database, a fresh copy of the template unless it is there; return its address."""
        self._connect(self._address)
        if f"{self._prefix}_{name}" not in self._made:
            self._create(name, template=f"{self._prefix}_base")
        self._connect(self.address_of(name))
        return self.address_of(name)

    def drop(self, name: str) -> None:
        """Drop a database to free its disk space."""
        self._connect(self._address)
        with connections["default"].cursor() as cursor:
            cursor.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"{self._prefix}_{name}"))
            )
        self._made.remove(f"{self._prefix}_{name}")

    def _create(self, name: str, *, template: str = "template1") -> None:
        self._connect(self._address)
        full = f"{self._prefix}_{name}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with connections["default"].cursor() as cursor:
            cursor.execute(statement.format(sql.Identifier(full), sql.Identifier(template)))
        self._made.append(full)

    def _connect(self, address: str) -> None:
        """Give Django's connection another database, as its own test runner does."""
        default = connections["default"]
        default.close()
        wanted = database(address)
        options = wanted["OPTIONS"] if isinstance(wanted["OPTIONS"], dict) else {}
        # Parallel workers are processes of their own, whose CPU would be counted nowhere.
        default.settings_dict.update(
            {**wanted, "OPTIONS": {**options, "options": "-c max_parallel_workers_per_gather=0"}}
        )
