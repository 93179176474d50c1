"""Run the whole hub on this machine: stores, schema, demo firm, targets, web, worker, scheduler."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from mdm.local.children import LocalServiceError
from mdm.local.logins import PEOPLE, first_passwords
from mdm.local.paths import home, socket_folder
from mdm.local.programs import free_port, progress_watch
from mdm.local.stack import Stack
from mdm.local.supervisor import Supervisor, signals_interrupt

PORT = 8000
CHECK_PORT = 18000
_CHECKING = "MDM_CHECKING"


class Command(BaseCommand):
    help = "Start everything; Ctrl-C stops everything."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address the web server listens on")
        parser.add_argument(
            "--port", type=int, help=f"port of the web server (default: {PORT} or the next free)"
        )
        parser.add_argument("--no-demo", action="store_true", help="start empty, without the demo firm")
        parser.add_argument(
            "--data", type=Path, help="load the extracts of a folder instead of the demo firm"
        )
        parser.add_argument(
            "--check", action="store_true", help="prove a full round and stop: exit code 0 or why not"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(highlight=False, soft_wrap=True)
        if options["check"] and not os.environ.get(_CHECKING):
            self._check_apart()
        try:
            stack = self._stack(console, options)
            with signals_interrupt(), Supervisor(stack.state, stack.report) as supervisor:
                stack.start(supervisor)
                if options["check"]:
                    stack.prove(supervisor)
                    console.print("check passed: landed, golden, in both targets")
                    return
                self._welcome(console, stack)
                supervisor.watch([progress_watch(stack.state)])
        except LocalServiceError as problem:
            raise CommandError(str(problem)) from None
        except KeyboardInterrupt:
            console.print("stopped")

    def _check_apart(self) -> NoReturn:
        """Run the check in a home of its own, so that it meets no running hub and leaves nothing behind."""
        folder = Path(tempfile.mkdtemp(prefix="mdm-check-"))
        folder.chmod(0o711)  # PostgreSQL's account must walk through it
        env = {**os.environ, "MDM_HOME": str(folder), _CHECKING: "1"}
        child = subprocess.Popen([sys.executable, *sys.argv], env=env)
        try:
            with signals_interrupt():
                code = child.wait()
        except KeyboardInterrupt:
            child.terminate()
            code = child.wait() or 130
        if code == 0:
            shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(socket_folder(folder), ignore_errors=True)
        else:
            self.stderr.write(f"check failed; logs are in {folder}/log")
        sys.exit(code)

    def _stack(self, console: Console, options: dict[str, Any]) -> Stack:
        extracts: Path | None = options["data"]
        if extracts and not extracts.is_dir():
            raise CommandError(f"--data {extracts}: no such folder")
        host, wanted = options["host"], options["port"]
        first = CHECK_PORT if options["check"] else PORT
        return Stack(
            state=home(),
            report=lambda text: console.print(f"  {text}"),
            host=host,
            port=free_port(wanted or first, host=host, strict=wanted is not None),
            crm_port=free_port(first + 101),
            erp_port=free_port(first + 201),
            demo=not options["no_demo"],
            extracts=extracts.resolve() if extracts else None,
        )

    def _welcome(self, console: Console, stack: Stack) -> None:
        address = f"http://{stack.host}:{stack.port}"
        table = Table(title="Sign in", title_justify="left", show_edge=False)
        for column in ("user name", "first password", "role"):
            table.add_column(column)
        passwords = first_passwords()
        for name, roles in PEOPLE.items():
            table.add_row(name, passwords[name], ", ".join(roles))
        console.print(f"\nThe hub runs: [bold]{address}/admin/[/bold]\n")
        console.print(table)
        console.print(f"\nREST API   {address}/api/v1/   (browse it: {address}/api/v1/docs)")
        console.print(
            f"Targets    CRM {stack.env['MDM_SANDBOX_CRM_URL']}   ERP {stack.env['MDM_SANDBOX_ERP_URL']}"
        )
        console.print(f"Logs       {stack.state}/log/\n\nCtrl-C stops everything.")
