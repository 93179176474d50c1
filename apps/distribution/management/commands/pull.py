"""Read what changed in systems since the last time and land it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.context import Actor
from apps.core.errors import HubError
from apps.distribution.selectors import database_now
from apps.distribution.services import pull_changes


class Command(BaseCommand):
    help = "Pull the changes of systems that are sources as well as targets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", nargs="+", help="codes of connections")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = False
        for target in options["target"]:
            try:
                pulled = pull_changes(target=target, actor=Actor(name="pull"), now=database_now())
            except HubError as error:
                raise CommandError(error.detail) from error
            self.stdout.write(f"{target}: {pulled.read:,} read, {pulled.landed:,} landed")
            for feed, reason in pulled.failed.items():
                self.stderr.write(f"{feed}: {reason}")
                failed = True
        if failed:
            raise CommandError("Not every feed could be read; each keeps its place.")
