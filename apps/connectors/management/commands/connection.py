"""Ask a connected system whether it answers as it should, or what objects and fields it has."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.context import Actor
from apps.connectors.contracts import ReadFailed
from apps.connectors.models import Connection
from apps.connectors.selectors import connection_of, connector_for
from apps.connectors.services import discover_catalog
from apps.core.clock import utcnow
from apps.core.errors import HubError

_SHOWN = 20


class Command(BaseCommand):
    help = (
        "connection check CODE: sign-in, permissions, keys and clock; connection discover CODE: its fields."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("check", "discover", "list"))
        parser.add_argument("code", nargs="?", default="", help="code of the connection")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 when something is not as it should be."""
        if options["act"] == "list":
            for row in Connection.objects.order_by("code"):
                state = "on" if row.enabled else "off"
                self.stdout.write(f"{row.code:20} {row.kind:12} {state:4} {row.base_url}")
            return
        try:
            connection = connection_of(options["code"])
            if options["act"] == "check":
                self._check(connection)
            else:
                self._discover(connection)
        except HubError as error:
            raise CommandError(error.detail) from error
        except ReadFailed as error:
            failure = error.failure
            raise CommandError(
                f"{connection.code}: {failure.cls.value} {failure.code}: {failure.message}"
            ) from error

    def _check(self, connection: Connection) -> None:
        health = connector_for(connection).check()
        for finding in health.findings:
            mark = "ok " if finding.ok else "BAD"
            self.stdout.write(f"{mark} {finding.name}{': ' + finding.detail if finding.detail else ''}")
        if not health.ok:
            raise CommandError(f"{connection.code} is not ready; mend what is marked BAD and check again.")

    def _discover(self, connection: Connection) -> None:
        found = discover_catalog(connection=connection, actor=Actor("administrator"), now=utcnow())
        for one in found.catalog.objects:
            keys = ", ".join(field.name for field in one.fields if field.external_id) or "none"
            self.stdout.write(f"{one.name}: {len(one.fields)} fields, external ids: {keys}")
        for title, names in (("new", found.added), ("gone", found.gone), ("changed", found.changed)):
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            if names:
                self.stdout.write(f"{title}: {', '.join(names[:_SHOWN])}{more}")
