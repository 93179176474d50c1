"""Imports every screen, so that the site's URLs know them: Django's autodiscovery starts here."""

from apps.console import audit_trail, connections, dashboard, exceptions
from apps.console.delivery import (
    attempts,
    dead_letter,
    dead_letters,
    inbox,
    monitor,
    reconciliation,
    targets,
)
from apps.console.golden import (
    edit_screen,
    list_screen,
    merge_requests,
    merge_screen,
    past_screen,
    record_screen,
    tree_screen,
    unmerge_screen,
    verbs,
)
from apps.console.landing import loads, references, rejected, rejected_row
from apps.console.matching import (
    explain_screen,
    patterns_screen,
    simulation_screen,
    studio_screen,
    teaching_screen,
)
from apps.console.people import people, tokens
from apps.console.requests import screen as requests
from apps.console.reviews import screen as reviews
from apps.console.rules import (
    code_lists,
    mapping_runs,
    mappings,
    match_rules,
    match_runs,
    ownership,
    policies,
    schedules,
    survivorship,
    systems,
    verdicts,
)

__all__ = [
    "attempts",
    "audit_trail",
    "code_lists",
    "connections",
    "dashboard",
    "dead_letter",
    "dead_letters",
    "edit_screen",
    "exceptions",
    "explain_screen",
    "inbox",
    "list_screen",
    "loads",
    "mapping_runs",
    "mappings",
    "match_rules",
    "match_runs",
    "merge_requests",
    "merge_screen",
    "monitor",
    "ownership",
    "past_screen",
    "patterns_screen",
    "people",
    "policies",
    "reconciliation",
    "record_screen",
    "references",
    "rejected",
    "rejected_row",
    "requests",
    "reviews",
    "schedules",
    "simulation_screen",
    "studio_screen",
    "survivorship",
    "systems",
    "targets",
    "teaching_screen",
    "tokens",
    "tree_screen",
    "unmerge_screen",
    "verbs",
    "verdicts",
]
