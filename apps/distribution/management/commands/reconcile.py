"""Compare what a target holds with what it should hold; heal what is missing or stale, list the rest."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.context import Actor
from apps.core.errors import HubError
from apps.distribution.selectors import database_now
from apps.distribution.services import reconcile_target


class Command(BaseCommand):
    help = "Reconcile one target; a run that was left is resumed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("target", help="code of the connection")
        parser.add_argument("--seconds", type=float, help="stop after this time; the next call goes on")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = reconcile_target(
                target=options["target"],
                actor=Actor(name="reconcile"),
                now=database_now(),
                seconds=options["seconds"],
            )
        except HubError as error:
            raise CommandError(error.detail) from error
        counts = (
            ", ".join(f"{number:,} {name}" for name, number in sorted(run.counts.items())) or "no records"
        )
        self.stdout.write(
            f"{run.connection.code}: {run.state}: {counts}{'; ' + run.note if run.note else ''}"
        )
        if run.state == "failed":
            raise CommandError(run.note)
