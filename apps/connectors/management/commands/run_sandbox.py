"""Serve a sandbox CRM or ERP on this machine, to deliver to without an account anywhere."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.connectors.sandbox.running import SANDBOXES, open_sandbox


class Command(BaseCommand):
    help = "Serve a sandbox CRM or ERP on a loopback port; its state is kept in a file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", choices=sorted(SANDBOXES.names()))
        parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
        parser.add_argument("--state", type=Path, help="SQLite file; without it nothing outlives the process")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            server = open_sandbox(
                options["system"], port=options["port"], state=options["state"] or ":memory:"
            )
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error}") from error
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
        self.stdout.write(f"{server.system.title} on {server.base_url}")
        self.stdout.flush()
        server.serve_forever()
        server.server_close()
        server.system.store.close()
