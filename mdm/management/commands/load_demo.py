"""Generate the demo firm and load it, as its systems would send it: everything once, then a day of changes."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console

from apps.audit.context import Actor, acting
from apps.golden.models import GoldenRecord
from mdm.demo import generate, second_wave, write_extracts
from mdm.loading import load_folder
from mdm.report import print_report


class Command(BaseCommand):
    help = (
        "Generate the extracts of the demo firm and load them; does nothing in a hub that has golden records."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=300, help="true customers of the firm (default: 300)")
        parser.add_argument(
            "--seed", type=int, default=7, help="the same seed gives the same firm (default: 7)"
        )
        parser.add_argument("--no-changes", action="store_true", help="leave out the later day of changes")
        parser.add_argument("--again", action="store_true", help="load even if golden records are there")

    def handle(self, *args: Any, **options: Any) -> None:
        if GoldenRecord.objects.exists() and not options["again"]:
            self.stdout.write("golden records are there already: the demo firm is not loaded again")
            return
        console = Console(soft_wrap=True)
        firm = generate(options["size"], options["seed"])
        with acting(Actor(name="demo firm"), reason="extracts of the demo firm"):
            with TemporaryDirectory() as folder:
                write_extracts(firm, Path(folder))
                load_folder(Path(folder), console)
            if not options["no_changes"]:
                console.print("a later day: changed, new and repeated records")
                with TemporaryDirectory() as folder:
                    second_wave(firm, Path(folder))
                    load_folder(Path(folder), console)
        print_report(console)
