"""Write the OpenAPI document to docs/api/openapi.json, or check that the file is up to date."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.api.schema.document import openapi_document


class Command(BaseCommand):
    """`manage.py write_openapi`; with `--check` nothing is written and a stale file is an error."""

    help = __doc__ or ""
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only tell whether the file is up to date.")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "api" / "openapi.json"
        document = orjson.dumps(
            orjson.loads(openapi_document()), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        if options["check"]:
            if not path.exists() or path.read_bytes() != document:
                raise CommandError(
                    "docs/api/openapi.json is stale: run manage.py write_openapi and look at the change."
                )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document)
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}: {len(document):,} bytes")
