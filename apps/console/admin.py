"""Imports every screen, so that the site's URLs know them: Django's autodiscovery starts here."""

from apps.console import audit_trail, connections, dashboard
from apps.console.delivery import attempts, dead_letter, dead_letters, targets
from apps.console.golden import list_screen, record_screen
from apps.console.landing import loads, references, rejected, rejected_row
from apps.console.people import people, tokens
from apps.console.rules import mappings, match_rules, match_runs, ownership, policies, schedules, systems

__all__ = [
    "attempts",
    "audit_trail",
    "connections",
    "dashboard",
    "dead_letter",
    "dead_letters",
    "list_screen",
    "loads",
    "mappings",
    "match_rules",
    "match_runs",
    "ownership",
    "people",
    "policies",
    "record_screen",
    "references",
    "rejected",
    "rejected_row",
    "schedules",
    "systems",
    "targets",
    "tokens",
]
