"""Run all tests against a private throw-away PostgreSQL and broker; further arguments go to pytest."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from mdm.local.broker import Broker
from mdm.local.browser import why_no_chromium
from mdm.local.children import LocalServiceError
from mdm.local.paths import ROOT, broker_url, database_url, socket_folder
from mdm.local.postgres import THROW_AWAY, Postgres
from mdm.local.supervisor import Supervisor, signals_interrupt

WORKERS = "2"


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
                env = self._stores(supervisor, state)
                env |= {"MDM_HOME": str(state), "MDM_NO_BROWSER": browser}
                env |= {"DJANGO_SETTINGS_MODULE": "mdm.settings.test"}
                command = [sys.executable, "-m", "pytest", "-n", WORKERS, "--dist", "worksteal", *arguments]
                return supervisor.run(command, env=env, cwd=ROOT)
        except LocalServiceError as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            return 130
        finally:
            shutil.rmtree(state, ignore_errors=True)
            shutil.rmtree(socket_folder(state), ignore_errors=True)

    def _report(self, text: str) -> None:
        self.stdout.write(f"[test] {text}")
        self.stdout.flush()

    def _stores(self, supervisor: Supervisor, state: Path) -> dict[str, str]:
        """Start what the environment does not name; return the environment of the tests."""
        env = dict(os.environ)
        if not env.get("DATABASE_URL"):
            self._report("starting a private PostgreSQL")
            postgres = Postgres(state, settings={**THROW_AWAY, "max_connections": "200"})
            supervisor.start(postgres, stage=1)
            postgres.create_database()
            env["DATABASE_URL"] = database_url(state)
        if not env.get("CELERY_BROKER_URL"):
            self._report("starting a private broker")
            supervisor.start(Broker(state), stage=1)
            env["CELERY_BROKER_URL"] = broker_url(state)
        return env
