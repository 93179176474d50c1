"""The monitor: how every target does now and did in the last hour, webhooks and feeds included."""

from typing import Any

from apps.console.delivery.targets import STATES, health_of, lanes_chart
from apps.console.screens import ConsoleView, screen
from apps.console.templatetags.hub import duration
from apps.core.clock import utcnow
from apps.distribution.monitoring import TargetHealth, target_health

SLOW = 60.0
"""Seconds from approval to acknowledgement that are worth a look."""
STALE_PULL = 3600.0


def notes_of(each: TargetHealth) -> list[tuple[str, str]]:
    """Return what an operator should look at, (tone, words), the gravest first."""
    found: list[tuple[str, str]] = []
    hooks, counters = each.webhooks, each.counters
    if counters.overdue:
        found.append(("bad", f"{counters.overdue:,} dead letter{'s' * (counters.overdue != 1)} overdue"))
    if each.hour.p99 is not None and each.hour.p99 > SLOW:
        found.append(("warn", f"one change in a hundred took {duration(each.hour.p99)} or more"))
    if hooks.rejected:
        found.append(("warn", f"{hooks.rejected:,} webhook{'s' * (hooks.rejected != 1)} rejected"))
    if hooks.refused_at and (utcnow() - hooks.refused_at).total_seconds() < STALE_PULL:
        found.append(("warn", f"a request in its name was refused: {hooks.refused_why}"))
    if any(feed.note for feed in each.feeds):
        found.append(("warn", "a feed could not be read"))
    if each.open_findings:
        found.append(("note", f"{each.open_findings:,} to decide in reconciliation"))
    return found


@screen("monitor/", name="monitor")
class MonitorView(ConsoleView):
    """`?target=` shows one target only, `?live=1` loads the page again and again."""

    title = "Monitor"
    template_name = "console/delivery/monitor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = utcnow()
        every = target_health(now=now)
        chosen = self.request.GET.get("target", "")
        shown = [each for each in every if chosen in ("", each.counters.connection)]
        return super().get_context_data(
            **kwargs,
            every=every,
            chosen=chosen,
            live="live" in self.request.GET,
            now=now,
            targets=[(each, health_of(each.counters), notes_of(each), _shares(each)) for each in shown],
            chart=lanes_chart([each.counters for each in shown]),
        )


def _shares(each: TargetHealth) -> list[tuple[str, str, float, int]]:
    """Return (label, colour, percent, number) of its lanes by state, those without any left out."""
    total = each.counters.lanes or 1
    parts = [(label, colour, getattr(each.counters, name)) for name, label, colour in STATES]
    return [(label, colour, 100 * number / total, number) for label, colour, number in parts if number]
