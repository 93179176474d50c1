"""Measure landing, the pipeline, lookups and matching in a database of the benchmark's own."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from rich.console import Console

from apps.audit.context import Actor, acting
from mdm.bench.databases import Databases, server
from mdm.bench.figures import Figures, as_document
from mdm.bench.landing import run_landing
from mdm.bench.lookup import run_lookup
from mdm.bench.match import run_set
from mdm.bench.pipeline import run_pipeline
from mdm.bench.showing import show
from mdm.local.children import LocalServiceError
from mdm.local.supervisor import signals_interrupt

SUITES = {"landing": run_landing, "pipeline": run_pipeline, "lookup": run_lookup}
FEWEST_ROWS = 100


class Command(BaseCommand):
    help = (
        "Measure landing, the pipeline and lookups in throw-away databases on the configured PostgreSQL, or on a "
        "private one; `match` measures the matching engine on labelled folders. Linux only: CPU is read from /proc."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "suites", nargs="*", default="all", choices=("all", *SUITES, "match"), help="what (default: all)"
        )
        parser.add_argument("--rows", type=int, default=20_000, help="records to load (default: 20000)")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures by name")
        parser.add_argument("--set", type=Path, metavar="DIR", help="match: one labelled folder")
        parser.add_argument("--data", type=Path, metavar="DIR", help="match: a folder of labelled folders")

    def handle(self, *args: Any, **options: Any) -> None:
        suites, sets = options["suites"], list(_sets(options["set"], options["data"]))
        if "match" in suites and not sets:
            raise CommandError("name a labelled folder with --set DIR, or a folder of them with --data DIR")
        if options["rows"] < FEWEST_ROWS:
            raise CommandError(f"--rows must be at least {FEWEST_ROWS}")
        wanted = [name for name in SUITES if name in suites or "all" in suites]
        if wanted:
            try:
                with signals_interrupt():
                    self._measure(wanted, options["rows"], options["json"])
            except LocalServiceError as problem:
                raise CommandError(str(problem)) from None
            except KeyboardInterrupt:
                raise CommandError("interrupted; its databases are dropped") from None
        for folder in sets:
            self.stdout.write(json.dumps(run_set(folder)))

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


def _sets(single: Path | None, parent: Path | None) -> Iterator[Path]:
    if single:
        yield single
    if parent:
        yield from sorted(meta.parent for meta in parent.glob("*/meta.json"))
