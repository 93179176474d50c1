"""The sidebar: every screen by area, with entities from the registry and counts of what waits."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from apps.accounts.roles import Capability
from apps.console.badges import MOST, waiting
from apps.console.permissions import user_may
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec

_C = Capability
ICONS = {
    "customer": "apartment",
    "engagement": "contract",
    "project": "account_tree",
    "resource": "badge",
    "invoice": "receipt_long",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One link: name of the URL, what it needs, and the count shown beside it."""

    title: str
    icon: str
    url: str
    capability: Capability = _C.VIEW
    badge: str = ""
    tone: str = "primary"


WORK = (
    Entry("Dashboard", "monitoring", "index"),
    Entry("Review queue", "compare_arrows", "reviews", badge="reviews"),
    Entry("Change requests", "rule", "requests", badge="requests"),
    Entry("Merges to approve", "call_merge", "merge_requests", badge="merges"),
    Entry("Exceptions", "rule_settings", "exceptions", badge="exceptions", tone="warning"),
    Entry("Rejected rows", "report", "rejected_rows", badge="rejected", tone="warning"),
    Entry("Dead letters", "unsubscribe", "dead_letters", badge="dead_letters", tone="danger"),
)
FLOW = (
    Entry("Loads", "upload_file", "loads"),
    Entry("Waiting references", "link_off", "waiting_references", badge="references", tone="info"),
    Entry("Match runs", "join_inner", "match_runs"),
    Entry("Simulations", "science", "simulations"),
    Entry("Recomputations", "restart_alt", "recomputations"),
    Entry("Explain two records", "troubleshoot", "explain"),
    Entry("Verdicts on writes", "gavel", "verdicts"),
    Entry("Monitor", "monitor_heart", "monitor"),
    Entry("Inbox", "inbox", "inbox", badge="inbox", tone="warning"),
    Entry("Deliveries", "send", "deliveries"),
    Entry("Targets", "outbox", "targets"),
    Entry("Reconciliation", "balance", "reconciliation", badge="findings", tone="warning"),
)
RULES = (
    Entry("Ownership", "policy", "ownership"),
    Entry("Survivorship", "leaderboard", "survivorship"),
    Entry("Approval policies", "verified_user", "policies"),
    Entry("Tuning studio", "tune", "studio"),
    Entry("Match rules", "join", "match_rules"),
    Entry("What people taught", "school", "teaching", _C.DECIDE),
    Entry("Reference data", "list_alt", "code_lists"),
    Entry("Mappings", "schema", "mappings"),
    Entry("Scheduled jobs", "schedule", "schedules"),
    Entry("Source systems", "database", "systems"),
)
SYSTEM = (
    Entry("People", "group", "people", _C.ADMINISTER),
    Entry("API tokens", "key", "tokens", _C.ADMINISTER),
    Entry("Connections", "cable", "connections", _C.ADMINISTER),
    Entry("Audit events", "history", "audit"),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return Unfold's navigation for this user."""
    golden = [
        {
            "title": spec.plural.capitalize(),
            "icon": icon_of(spec),
            "link": reverse("admin:golden_list", args=(spec.name,)),
        }
        for spec in entities.values()
    ]
    return [
        {"title": "Work", "items": _items(request, WORK)},
        {"title": "Golden records", "items": golden},
        {"title": "Flow", "items": _items(request, FLOW)},
        {"title": "Rules", "items": _items(request, RULES)},
        {"title": "System", "items": _items(request, SYSTEM)},
    ]


def icon_of(spec: EntitySpec) -> str:
    return ICONS.get(spec.name, "deployed_code")


def screens_called(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """Return the screens whose title contains a text and which this user may open, as `sidebar` has them."""
    listed = [each for group in sidebar(request) for each in group["items"]]
    return [each for each in listed if text.casefold() in each["title"].casefold()]


def _items(request: HttpRequest, entries: tuple[Entry, ...]) -> list[dict[str, Any]]:
    items = []
    for entry in entries:
        if not user_may(request, entry.capability):
            continue
        try:
            link = reverse(f"admin:{entry.url}")
        except NoReverseMatch:
            continue
        item: dict[str, Any] = {"title": entry.title, "icon": entry.icon, "link": link}
        if entry.badge and (count := waiting(request)[entry.badge]):
            item |= {"badge": f"{count:,}" if count < MOST else f"{MOST - 1:,}+", "badge_variant": entry.tone}
        items.append(item)
    return items
