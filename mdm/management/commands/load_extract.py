"""Land one file and run the pipeline on it."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.audit.context import Actor, acting
from apps.core.errors import HubError
from mdm.loading import land_files, run_with_progress, show_counts


class Command(BaseCommand):
    help = "Land a CSV, XLSX, NDJSON or JSON file under a layout, then master what changed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--layout", required=True, help="active layout, e.g. salesforce.accounts")
        parser.add_argument(
            "--mode",
            choices=("full", "patch"),
            default="full",
            help="full: a row speaks for all attributes of its layout; patch: only for those it has (default: full)",
        )
        parser.add_argument(
            "--encoding", default="utf-8", help="of a CSV without byte order mark (default: utf-8)"
        )
        parser.add_argument("--land-only", action="store_true", help="leave mastering to the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(soft_wrap=True)
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"{path}: no such file")
        try:
            with acting(Actor(name="load_extract"), reason=f"load {path.name}"):
                files = [(path, options["layout"])]
                totals = land_files(
                    files, mode=options["mode"], encoding=options["encoding"], console=console
                )
                if options["land_only"]:
                    return
                show_counts(totals, run_with_progress(console), console)
        except HubError as error:
            raise CommandError(str(error)) from error
