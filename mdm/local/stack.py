"""The whole local hub in its order of start: stores, schema, targets, data, programs."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mdm.local import programs
from mdm.local.broker import Broker
from mdm.local.children import LocalServiceError, own_folder
from mdm.local.paths import ROOT, broker_url, database_url
from mdm.local.postgres import DURABLE, Postgres
from mdm.local.supervisor import Supervisor

STORES, TARGETS, PROGRAMS = 1, 2, 3
_PATIENCE = 180.0
"""Seconds until a program of the hub must answer, on a slow and busy machine too."""


@dataclass
class Stack:
    """What to start and where; addresses from the environment keep the embedded stores off."""

    state: Path
    report: Callable[[str], None]
    host: str = "127.0.0.1"
    port: int = 8000
    crm_port: int = 8101
    erp_port: int = 8102
    demo: bool = True
    extracts: Path | None = None
    postgres: Mapping[str, str] = field(default_factory=lambda: DURABLE)
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.env = {
            **os.environ,
            "MDM_HOME": str(self.state),
            "DATABASE_URL": os.environ.get("DATABASE_URL") or database_url(self.state),
            "CELERY_BROKER_URL": os.environ.get("CELERY_BROKER_URL") or broker_url(self.state),
            "MDM_SANDBOX_CRM_URL": f"http://127.0.0.1:{self.crm_port}",
            "MDM_SANDBOX_ERP_URL": f"http://127.0.0.1:{self.erp_port}",
            "MDM_SUPERVISED": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def start(self, supervisor: Supervisor) -> None:
        """Bring everything up; LocalServiceError tells what failed."""
        if not os.environ.get("DATABASE_URL"):
            with self.step("PostgreSQL"):
                postgres = Postgres(self.state, settings=self.postgres)
                supervisor.start(postgres, stage=STORES)
                postgres.create_database()
        if not os.environ.get("CELERY_BROKER_URL"):
            with self.step("message broker"):
                supervisor.start(Broker(self.state), stage=STORES)
        with self.step("database schema, default rules, logins"):
            self._manage(supervisor, "prepare_hub")
        with self.step("sandbox CRM and ERP, web server, worker, deliverer, scheduler"):
            crm, erp = self._sandbox("salesforce", self.crm_port), self._sandbox("netsuite", self.erp_port)
            supervisor.start(crm, erp, stage=TARGETS, timeout=_PATIENCE)
            supervisor.start(
                programs.web(host=self.host, port=self.port, env=self.env, state=self.state),
                programs.worker(env=self.env, state=self.state),
                programs.deliverer(env=self.env, state=self.state),
                programs.scheduler(env=self.env, state=self.state),
                stage=PROGRAMS,
                timeout=_PATIENCE,
            )
        self._load(supervisor)

    def _sandbox(self, system: str, port: int) -> programs.Program:
        store = self.state / f"sandbox/{system}.sqlite"
        own_folder(store.parent, mode=0o700)  # copies of what was delivered
        return programs.Program(
            f"sandbox-{system}",
            programs.manage("run_sandbox", system, "--port", str(port), "--state", str(store)),
            self.env,
            self.state / f"log/sandbox-{system}.log",
            lambda: programs.accepts("127.0.0.1", port),
        )

    def _load(self, supervisor: Supervisor) -> None:
        if self.extracts:
            self.report(f"loading {self.extracts}")
            self._manage(supervisor, "load_folder", str(self.extracts))
        elif self.demo:
            self.report("loading the demo firm")
            self._manage(supervisor, "load_demo")

    def prove(self, supervisor: Supervisor) -> None:
        """Follow one new record from the API into both targets; LocalServiceError when it does not arrive."""
        self._manage(supervisor, "prove_round", f"http://127.0.0.1:{self.port}")

    def _manage(self, supervisor: Supervisor, *arguments: str) -> None:
        code = supervisor.run(programs.manage(*arguments), env={**self.env, "LOG_LEVEL": "WARNING"}, cwd=ROOT)
        if code:
            raise LocalServiceError(f"`manage.py {' '.join(arguments)}` failed with code {code}, see above")

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        self.report(f"{what} ...")
        yield
        self.report(f"{what} ready after {time.monotonic() - began:.1f} s")
