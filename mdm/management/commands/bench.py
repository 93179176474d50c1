"""Measure landing, the pipeline, lookups, matching and simulations in a database of the benchmark's own."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.console import Console

from apps.audit.context import Actor, acting
from mdm.bench.databases import Databases, server
from mdm.bench.distribution import run_distribution
from mdm.bench.figures import Figures, as_document
from mdm.bench.landing import run_landing
from mdm.bench.lookup import run_lookup
from mdm.bench.match_one import run_match_one
from mdm.bench.matching import MatchOptions, add_match_arguments, match_options, run_match
from mdm.bench.pipeline import run_pipeline
from mdm.bench.reading import run_reading
from mdm.bench.showing import show
from mdm.bench.simulating import run_simulate
from mdm.local.children import LocalServiceError
from mdm.local.supervisor import signals_interrupt

SUITES = {
    "landing": run_landing,
    "pipeline": run_pipeline,
    "lookup": run_lookup,
    "reading": run_reading,
    "match-one": run_match_one,
    "simulate": run_simulate,
    "distribution": run_distribution,
}
FEWEST_ROWS = 100
USUAL_ROWS = 20_000


class Command(BaseCommand):
    help = (
        "Measure landing, pipeline, lookups, simulations and deliveries in throw-away databases on the configured "
        "PostgreSQL, or on a private one; `match` measures the matching engine on labelled folders or "
        "invented customers. Linux only: CPU is read from /proc."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "suites", nargs="*", default="all", choices=("all", *SUITES, "match"), help="what (default: all)"
        )
        parser.add_argument(
            "--rows",
            type=int,
            action="append",
            help=f"records to load (default: {USUAL_ROWS}); match: invented customers, several times to see growth",
        )
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures by name")
        add_match_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        suites, matching = options["suites"], match_options(options)
        if "match" in suites and not matching:
            raise CommandError(
                "say what to match: a labelled folder with --set DIR, a folder of them with --data DIR, "
                "or invented customers with --rows N"
            )
        if min(options["rows"] or [USUAL_ROWS]) < FEWEST_ROWS:
            raise CommandError(f"--rows must be at least {FEWEST_ROWS}")
        wanted = [name for name in SUITES if name in suites or "all" in suites]
        if wanted:
            try:
                with signals_interrupt():
                    self._measure(wanted, (options["rows"] or [USUAL_ROWS])[-1], options["json"])
            except LocalServiceError as problem:
                raise CommandError(str(problem)) from None
            except KeyboardInterrupt:
                raise CommandError("interrupted; its databases are dropped") from None
        if "match" in suites or matching.single or matching.parent:
            self._match(matching)

    def _match(self, options: MatchOptions) -> None:
        try:
            run_match(options, self.stdout.write, self._report)
        except (FileNotFoundError, ValueError, RuntimeError) as problem:
            raise CommandError(str(problem)) from None

    def _measure(self, suites: Sequence[str], rows: int, file: Path | None) -> None:
        figures: Figures = {}
        with (
            acting(Actor(name="bench"), reason="benchmark"),
            server(self._report) as address,
            Databases(address, self._report) as databases,
        ):
            for name in suites:
                figures.update(SUITES[name](databases, rows=rows, report=self._report))
                self._write(figures, rows, file)
        show(figures, Console(width=None if self.stdout.isatty() else 160))

    def _write(self, figures: Figures, rows: int, file: Path | None) -> None:
        """Write what there is so far: an interrupted run keeps the suites that ended."""
        if file is None:
            return
        connection.ensure_connection()
        postgres = str(connection.connection.info.server_version // 10_000)
        document = as_document(figures, rows=rows, postgres=postgres)
        file.write_text(json.dumps(document, indent=1) + "\n")

    def _report(self, text: str) -> None:
        self.stderr.write(f"[bench] {text}")
