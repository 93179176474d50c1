"""Generate the demo firm and load it."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.golden.models import GoldenRecord
from mdm.demo import write_extracts


class Command(BaseCommand):
    help = (
        "Generate the extracts of the demo firm and load them; does nothing in a hub that has golden records."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=300, help="true customers of the firm (default: 300)")
        parser.add_argument(
            "--seed", type=int, default=7, help="the same seed gives the same firm (default: 7)"
        )
        parser.add_argument("--again", action="store_true", help="load even if golden records are there")

    def handle(self, *args: Any, **options: Any) -> None:
        if GoldenRecord.objects.exists() and not options["again"]:
            self.stdout.write("golden records are there already: the demo firm is not loaded again")
            return
        with TemporaryDirectory() as folder:
            write_extracts(options["size"], Path(folder), seed=options["seed"])
            call_command("load_folder", folder)
