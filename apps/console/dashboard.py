"""The first page: what needs attention first, what waits, what flows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.console.badges import waiting
from apps.console.figures import (
    deliveries_chart,
    entity_figures,
    loads_chart,
    matching_chart,
    pending_chart,
    quality_chart,
)
from apps.core.clock import utcnow
from apps.distribution.contracts import TargetCounters
from apps.distribution.selectors import target_counters
from apps.matching.models import MatchRun
from apps.sources.models import Load
from apps.sources.selectors import pending_counts

LATEST_LOADS = 8
LATEST_RUNS = 5


@dataclass(frozen=True, slots=True)
class Attention:
    """Something somebody should look at now; `tone` bad before warn before note."""

    tone: str
    icon: str
    text: str
    link: str


def add_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the dashboard to the context of the admin's index page."""
    now = utcnow()
    counts, targets, pending = waiting(request), target_counters(now=now), pending_counts()
    loads = list(Load.objects.select_related("system")[:LATEST_LOADS])
    runs = list(MatchRun.objects.all()[:LATEST_RUNS])
    return {
        **context,
        "title": "Dashboard",
        "waiting": counts,
        "entities": entity_figures(),
        "attention": attention_list(counts, targets, loads, runs),
        "loads": loads,
        "runs": runs,
        "targets": targets,
        "loads_chart": loads_chart(now=now),
        "quality_chart": quality_chart(),
        "matching_chart": matching_chart(),
        "deliveries_chart": deliveries_chart(targets),
        "pending_chart": pending_chart(pending),
        "pending": sum(pending.values()),
    }


def attention_list(
    counts: Mapping[str, int],
    targets: Sequence[TargetCounters],
    loads: Sequence[Load],
    runs: Sequence[MatchRun],
) -> list[Attention]:
    """Return what needs attention, the worst first."""
    found = [*_of_targets(targets), *_of_jobs(loads, runs), *_of_queues(counts)]
    order = ("bad", "warn", "note")
    return sorted(found, key=lambda each: order.index(each.tone))


def _of_targets(targets: Sequence[TargetCounters]) -> Iterator[Attention]:
    link = reverse("admin:targets")
    for target in targets:
        if target.breaker == "open":
            yield Attention("bad", "power_off", f"{target.label} does not answer: its breaker is open", link)
        elif target.hold_code:
            yield Attention(
                "bad", "front_hand", f"{target.label} is held: {target.hold_note or target.hold_code}", link
            )
        if target.paused:
            reason = f": {target.paused_reason}" if target.paused_reason else ""
            yield Attention("warn", "pause_circle", f"{target.label} is paused{reason}", link)
        if target.overdue:
            yield Attention(
                "bad", "unsubscribe", f"{target.overdue:,} dead letters for {target.label} are overdue",
                reverse("admin:dead_letters"),
            )  # fmt: skip


def _of_jobs(loads: Sequence[Load], runs: Sequence[MatchRun]) -> Iterator[Attention]:
    for load in loads:
        if load.status == Load.Status.FAILED:
            yield Attention(
                "bad", "upload_file", f"Load {load.layout} failed: {load.error[:120]}", reverse("admin:loads")
            )
    for run in runs:
        if run.status == MatchRun.Status.FAILED:
            yield Attention(
                "bad", "join_inner", f"Re-match of {run.entity} failed", reverse("admin:match_runs")
            )


def _of_queues(counts: Mapping[str, int]) -> Iterator[Attention]:
    lines = (
        ("overdue", "bad", "alarm", "change requests are overdue", "requests"),
        (
            "dead_letters",
            "warn",
            "unsubscribe",
            "deliveries were given up and wait for replay",
            "dead_letters",
        ),
        ("rejected", "warn", "report", "rows could not be landed: correct and replay them", "rejected_rows"),
        ("exceptions", "warn", "rule_settings", "records break an invariant", "exceptions"),
        ("findings", "warn", "balance", "to decide in reconciliation", "reconciliation"),
        ("requests", "note", "rule", "change requests wait for an approver", "requests"),
        ("merges", "note", "call_merge", "merges wait for an approver", "merge_requests"),
        ("reviews", "note", "compare_arrows", "pairs wait for a decision", "reviews"),
        (
            "references",
            "note",
            "link_off",
            "references wait for records that are not here yet",
            "waiting_references",
        ),
    )
    for name, tone, icon, text, url in lines:
        if counts[name]:
            query = "?overdue=1" if name == "overdue" else ""
            yield Attention(tone, icon, f"{counts[name]:,} {text}", f"{reverse(f'admin:{url}')}{query}")
