"""Run all tests against a private throw-away PostgreSQL and broker; further arguments go to pytest."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mdm.local.broker import Broker
from mdm.local.browser import why_no_chromium
from mdm.local.children import LocalServiceError, own_folder
from mdm.local.paths import ROOT, broker_url, cache, database_url, socket_folder
from mdm.local.postgres import DATABASE, THROW_AWAY, Postgres
from mdm.local.programs import manage
from mdm.local.supervisor import Supervisor, signals_interrupt

WORKERS = 2


class Command(BaseCommand):
    help = "Run house rules and all tests; --full adds the slow ones; other arguments go to pytest."

    def run_from_argv(self, argv: list[str]) -> None:
        """Every argument belongs to pytest, so Django's own parser stays out."""
        try:
            code = self.run_tests(argv[2:])
        except CommandError as problem:
            self.stderr.write(f"test: {problem}")
            code = 2
        sys.exit(code)

    def run_tests(self, arguments: list[str]) -> int:
        """Return pytest's exit code."""
        report = self._report
        browser = why_no_chromium(report)
        if browser:
            report(f"browser tests will be skipped: {browser}")
        state = Path(tempfile.mkdtemp(prefix="mdm-test-"))
        state.chmod(0o711)  # PostgreSQL's account must walk through it
        try:
            with signals_interrupt(), Supervisor(state, report) as supervisor:
                # What tests download and prepare once outlives the run, unlike its own home.
                kept = {"MDM_CACHE": str(cache())}
                env = {**os.environ, **kept, "MDM_HOME": str(state), "MDM_NO_BROWSER": browser}
                env["DJANGO_SETTINGS_MODULE"] = "mdm.settings.test"
                command = [sys.executable, "-m", "pytest", "-n", str(WORKERS), "--dist", "worksteal"]
                command += self._stores(supervisor, state, env)
                return supervisor.run([*command, *arguments], env=env, cwd=ROOT)
        except LocalServiceError as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            return 130
        finally:
            shutil.rmtree(state, ignore_errors=True)
            for used in (state, *(state / f"gw{number}" for number in range(WORKERS))):
                shutil.rmtree(socket_folder(used), ignore_errors=True)

    def _report(self, text: str) -> None:
        self.stdout.write(f"[test] {text}")
        self.stdout.flush()

    def _stores(self, supervisor: Supervisor, state: Path, env: dict[str, str]) -> list[str]:
        """Start what the environment does not name and add its address; return arguments for pytest."""
        if not env.get("CELERY_BROKER_URL"):
            self._report("starting a private broker")
            supervisor.start(Broker(state), stage=1)
            env["CELERY_BROKER_URL"] = broker_url(state)
        if env.get("DATABASE_URL"):
            return []
        self._report("starting a private PostgreSQL for each of the test processes")
        folders = [own_folder(state / f"gw{number}", mode=0o711) for number in range(WORKERS)]
        env["DATABASE_URL"] = database_url(folders[0])
        env["MDM_TEST_DATABASES"] = ",".join(database_url(folder) for folder in folders)
        self._migrated(supervisor, folders[0], env)
        for folder in folders[1:]:
            subprocess.run(["cp", "-a", folders[0] / "postgres", folder], check=True)
        supervisor.start(*(private_postgres(folder) for folder in folders), stage=1)
        return ["--reuse-db"]

    def _migrated(self, supervisor: Supervisor, folder: Path, env: dict[str, str]) -> None:
        """Make a cluster whose test databases are migrated: once, and not by each test process."""
        postgres = private_postgres(folder)
        supervisor.start(postgres, stage=1)
        postgres.create_database()
        self._report("migrating the test databases")
        if supervisor.run(manage("migrate", "--verbosity", "0"), env=env, cwd=ROOT):
            raise LocalServiceError("the migrations fail, see above")
        for suffix in ["", *(f"_gw{number}" for number in range(WORKERS))]:
            postgres.create_database(f"test_{DATABASE}{suffix}", template=DATABASE)
        supervisor.stop(postgres.name)


def private_postgres(folder: Path) -> Postgres:
    """A throw-away cluster: what a reader of changes may see waits for every open transaction of a cluster."""
    postgres = Postgres(folder, settings=THROW_AWAY)
    postgres.name = f"postgres {folder.name}"
    return postgres
