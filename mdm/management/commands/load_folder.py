"""Land all extracts of a folder that an active layout claims, and run the pipeline on them."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from apps.audit.context import Actor, acting
from mdm.loading import NothingToLoad, load_folder
from mdm.report import print_report


class Command(BaseCommand):
    help = (
        "Load a folder of extracts; each file's layout is found by the file patterns of the active layouts."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--mode", choices=("full", "patch"), default="full")
        parser.add_argument("--encoding", default="utf-8", help="of CSV files without byte order mark")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(soft_wrap=True)
        folder: Path = options["folder"]
        try:
            with acting(Actor(name="load_folder"), reason=f"load {folder.name}"):
                load_folder(folder, console, mode=options["mode"], encoding=options["encoding"])
        except NothingToLoad as error:
            raise CommandError(str(error)) from error
        print_report(console)
