"""The monitor of targets: health, lag, what is on its way; pause, resume and limits."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.roles import Capability
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mappings
from apps.console.acts import ActingView, whoever_acts
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.distribution.contracts import TargetCounters
from apps.distribution.models import Subscription, SubscriptionMode, TargetState
from apps.distribution.selectors import target_counters
from apps.distribution.services import (
    backfill_subscription,
    pause_target,
    resume_target,
    save_subscription,
    set_target_limits,
)

STATES = (
    ("in_step", "in step", "#22c55e"),
    ("in_flight", "in flight", "#3b82f6"),
    ("due", "due", "#a78bfa"),
    ("waiting", "waiting for another record", "#94a3b8"),
    ("backing_off", "backing off", "#f59e0b"),
    ("held", "held by exceptions", "#f472b6"),
    ("parked", "dead letters", "#ef4444"),
)


class NotANumber(Invalid):
    code = "not_a_number"
    title = "Limits are numbers"


def health_of(target: TargetCounters) -> tuple[str, str]:
    """Return (word, tone): the one thing that matters most about a target now."""
    if not target.enabled:
        return "disabled", "plain"
    if target.paused:
        return "paused", "warn"
    if target.hold_until and target.hold_until > utcnow():
        return f"resting: {target.hold_code}", "warn"
    if target.breaker != "closed":
        return f"breaker {target.breaker.replace('_', ' ')}", "bad"
    if target.lag_seconds > 300:
        return "lagging", "warn"
    return ("dead letters", "warn") if target.parked else ("healthy", "good")


def lanes_chart(targets: Sequence[TargetCounters]) -> dict[str, Any]:
    """Return the lanes of each target by state as a stacked bar chart."""
    return {
        "type": "bar",
        "horizontal": True,
        "stacked": True,
        "labels": [target.label for target in targets],
        "datasets": [
            {
                "label": label,
                "data": [getattr(target, name) for target in targets],
                "backgroundColor": colour,
            }
            for name, label, colour in STATES
        ],
    }


def _offers() -> list[tuple[str, str, str, str]]:
    """Return (connection, its label, mapping, entity) of what a target could take and does not yet."""
    taken = set(Subscription.objects.values_list("connection__code", "mapping"))
    mappings = [each for each in active_mappings() if each.direction != "pull"]
    return [
        (target.code, str(target), each.name, each.entity)
        for target in Connection.objects.filter(enabled=True).order_by("code")
        for each in mappings
        if each.system in (target.code, target.kind) and (target.code, each.name) not in taken
    ]


@screen("targets/", name="targets")
class TargetsView(ActingView):
    title = "Targets"
    template_name = "console/delivery/targets.html"
    acts: ClassVar = {
        "pause": Capability.OPERATE,
        "resume": Capability.OPERATE,
        "limit": Capability.OPERATE,
        "subscription": Capability.OPERATE,
        "subscribe": Capability.OPERATE,
        "backfill": Capability.OPERATE,
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        targets = target_counters(now=utcnow())
        limits = {state.connection.code: state for state in TargetState.objects.select_related("connection")}
        subscriptions: dict[str, list[Subscription]] = {}
        for row in Subscription.objects.select_related("connection"):
            subscriptions.setdefault(row.connection.code, []).append(row)
        return super().get_context_data(
            **kwargs,
            targets=[
                (
                    target,
                    health_of(target),
                    limits.get(target.connection),
                    subscriptions.get(target.connection, []),
                )
                for target in targets
            ],
            chart=lanes_chart(targets),
            offers=_offers(),
        )

    def act_pause(self, request: HttpRequest) -> None:
        target, reason = request.POST.get("target", ""), request.POST.get("reason", "")
        pause_target(target=target, actor=whoever_acts(), reason=reason, now=utcnow())
        messages.success(request, f"Deliveries to {target} are paused; changes queue up in order.")

    def act_resume(self, request: HttpRequest) -> None:
        target, reason = request.POST.get("target", ""), request.POST.get("reason", "")
        resume_target(target=target, actor=whoever_acts(), reason=reason, now=utcnow())
        messages.success(request, f"Deliveries to {target} go on.")

    def act_limit(self, request: HttpRequest) -> None:
        target, rate = request.POST.get("target", ""), request.POST.get("rate_per_second", "").strip()
        try:
            calls, batch = int(request.POST["max_inflight"]), int(request.POST["batch_size"])
            per_second = float(rate) if rate else None
        except (KeyError, ValueError):
            raise NotANumber("Calls and records are whole numbers; the rate is a number or empty.") from None
        set_target_limits(
            target=target,
            max_inflight=calls,
            batch_size=batch,
            rate_per_second=per_second,
            actor=whoever_acts(),
            now=utcnow(),
        )
        messages.success(request, f"The limits of {target} are saved.")

    def act_subscribe(self, request: HttpRequest) -> None:
        """Have a target take what a mapping carries; what is golden already at once only where asked for."""
        target, _, mapping = request.POST.get("offer", "").partition(" ")
        if (target, mapping) not in {(code, name) for code, _, name, _ in _offers()}:
            raise Invalid("Choose a target and a mapping that it does not take yet.")
        row = save_subscription(target=target, mapping=mapping, actor=whoever_acts(), now=utcnow())
        messages.success(request, f"{target} takes {row.entity} records through {mapping} from now on.")
        if request.POST.get("backfill"):
            self._backfill(request, row)

    def act_backfill(self, request: HttpRequest) -> None:
        """Send the records that are golden already and have no lane yet, after everything else."""
        chosen = request.POST.get("subscription", "")
        row = get_object_or_404(
            Subscription.objects.select_related("connection"), pk=chosen if chosen.isdecimal() else 0
        )
        self._backfill(request, row)

    def _backfill(self, request: HttpRequest, row: Subscription) -> None:
        reason = request.POST.get("reason", "").strip() or "backfill asked for on screen"
        made = backfill_subscription(subscription=row, actor=whoever_acts(), reason=reason, now=utcnow())
        messages.success(
            request,
            f"{made:,} records go out after everything else, each in its newest version; one that changes meanwhile"
            " moves up.",
        )

    def act_subscription(self, request: HttpRequest) -> None:
        """Pause or resume what a target takes through one mapping."""
        chosen = request.POST.get("subscription", "")
        row = get_object_or_404(
            Subscription.objects.select_related("connection"), pk=chosen if chosen.isdecimal() else 0
        )
        save_subscription(
            target=row.connection.code,
            mapping=row.mapping,
            actor=whoever_acts(),
            now=utcnow(),
            priority=row.priority,
            mode=SubscriptionMode(row.mode),
            active=row.active,
            paused=not row.paused,
        )
        messages.success(request, f"{row.mapping} is {'going on' if row.paused else 'paused'}.")
