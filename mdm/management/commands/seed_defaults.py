"""Create what a fresh hub needs: systems, rules, mappings, schedules."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.core.clock import utcnow
from mdm.seeds import seed_defaults


class Command(BaseCommand):
    help = "Create missing source systems, rules, mappings and schedules; what is there stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        seed_defaults(now=utcnow())
