"""Mapping documents at the command line: list, export, check, import, simulate, activate."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit.context import SYSTEM, Actor
from apps.connectors.models import Mapping
from apps.connectors.selectors import document_faults
from apps.connectors.services import draft_mapping
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.distribution.models import MappingRun
from apps.distribution.services import activate_outbound, start_simulation, work_on_mapping_run


class Command(BaseCommand):
    help = (
        "Mapping documents (layouts and outbound mappings): YAML out and in, checks, a dry run, activation."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="every document with the version in force")
        for name, help_text in (
            ("export", "print a document: the version in force, or --version"),
            ("simulate", "what a version would change at its targets; nothing is written"),
            ("activate", "put a version in force"),
        ):
            one = verbs.add_parser(name, help=help_text)
            one.add_argument("name")
            one.add_argument("--version", type=int, dest="number", required=name != "export")
            if name == "activate":
                one.add_argument("--by", required=True, help="who decides: kept in the audit trail")
                one.add_argument("--redeliver", action="store_true", help="deliver again what it changes")
        for name, help_text in (
            (
                "check",
                "check a file: language, inline tests, way back, the discovered catalogs of its systems",
            ),
            ("import", "store a file as the next draft of the document it names"),
        ):
            one = verbs.add_parser(name, help=help_text)
            one.add_argument("file", help="a YAML file, or - for standard input")
            if name == "import":
                one.add_argument("--note", default="")
                one.add_argument("--by", default=SYSTEM.name)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except HubError as fault:
            raise CommandError(f"{fault.title}. {fault.detail}") from fault

    def _list(self, options: dict[str, Any]) -> None:
        for row in Mapping.objects.order_by("name", "-version").distinct("name"):
            active = Mapping.objects.filter(name=row.name, status="active").first()
            force = f"v{active.version} in force" if active else "none in force"
            self.stdout.write(f"{row.name:40} {row.kind:8} {force}, newest v{row.version}")

    def _export(self, options: dict[str, Any]) -> None:
        self.stdout.write(_row(options["name"], options["number"]).text, ending="")

    def _check(self, options: dict[str, Any]) -> None:
        if faults := document_faults(_text(options["file"])):
            raise CommandError("\n".join(faults))
        self.stdout.write("Nothing speaks against it.")

    def _import(self, options: dict[str, Any]) -> None:
        row = draft_mapping(
            text=_text(options["file"]), actor=Actor(options["by"]), now=utcnow(), note=options["note"]
        )
        self.stdout.write(f"{row} is stored as a draft.")

    def _simulate(self, options: dict[str, Any]) -> None:
        run = start_simulation(mapping=_row(options["name"], options["number"]), actor=SYSTEM, now=utcnow())
        run = work_on_mapping_run(run_id=run.pk, actor=SYSTEM, now=utcnow())
        self._tell(run)

    def _activate(self, options: dict[str, Any]) -> None:
        actor, row = Actor(options["by"]), _row(options["name"], options["number"])
        run = activate_outbound(mapping=row, redeliver=options["redeliver"], actor=actor, now=utcnow())
        self.stdout.write(f"{row} is in force.")
        if run is not None:
            self._tell(work_on_mapping_run(run_id=run.pk, actor=actor, now=utcnow()))

    def _tell(self, run: MappingRun) -> None:
        rate = f", {run.done / run.seconds:,.0f} a second" if run.seconds else ""
        self.stdout.write(
            f"{run}: {run.state}, {run.done:,} of {run.total:,} records in {run.seconds:.1f} s{rate}"
        )
        for name, count in sorted(run.counts.items()):
            self.stdout.write(f"  {name.replace('_', ' '):24} {count:>10,}")
        for name, counts in sorted(run.fields.items()):
            self.stdout.write(
                f"  {name:40} {', '.join(f'{n:,} {kind}' for kind, n in sorted(counts.items()))}"
            )
        for name, row in sorted(run.refused.items()):
            self.stdout.write(f"  refused: {name}: {row['count']:,}, such as: {row['example']}")
        for name, row in sorted(run.losses.items()):
            self.stdout.write(
                f"  lost on the way back: {name}: {row['count']:,}, {row['reason'] or 'not named'}"
            )
        if run.note:
            raise CommandError(run.note)


def _row(name: str, number: int | None) -> Mapping:
    rows = Mapping.objects.filter(name=name)
    found = (rows.filter(version=number) if number else rows.filter(status="active")).first()
    if found is None:
        raise CommandError(
            f"There is no {name} {f'v{number}' if number else 'in force'}; see `mapping list`."
        )
    return found


def _text(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
