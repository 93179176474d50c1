"""Serve a sandbox CRM or ERP on this machine, to deliver to without an account anywhere."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.connectors.sandbox.__main__ import add_arguments, serve


class Command(BaseCommand):
    help = "Serve a sandbox CRM or ERP on a loopback port; its state is kept in a file."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            serve(options["system"], options["port"], options["state"])
        except OSError as error:
            raise CommandError(f"Port {options['port']} cannot be used: {error}") from error
