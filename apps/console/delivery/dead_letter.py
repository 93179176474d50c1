"""One dead letter: what was sent, what the target answered, every attempt; replay and skip."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView, whoever_acts
from apps.console.delivery.naming import named
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.distribution.models import Lane
from apps.distribution.selectors import attempts_timeline
from apps.distribution.services import replay_dead_letters, skip_dead_letter


@screen("dead-letters/<int:lane>/", name="dead_letter")
class DeadLetterView(ActingView):
    """Also readable after it was dealt with: a lane stays, parked or not."""

    template_name = "console/delivery/dead_letter.html"
    acts: ClassVar = {"replay": Capability.OPERATE, "skip": Capability.OPERATE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lane = get_object_or_404(
            Lane.objects.select_related("connection", "subscription"), pk=self.kwargs["lane"]
        )
        name = named(self.request, [lane.record_id])[str(lane.record_id)]
        attempts = attempts_timeline(lane=lane.pk, limit=50)
        return super().get_context_data(
            **kwargs,
            title=f"{name.title} to {lane.connection}",
            row=lane,
            named=name,
            attempts=attempts,
            payload=next((each.payload for each in attempts if each.payload), None),
            response=next((each.response for each in attempts if each.response), ""),
            overdue=lane.park_due is not None and lane.park_due < utcnow(),
        )

    def act_replay(self, request: HttpRequest) -> None:
        report = replay_dead_letters(
            actor=whoever_acts(),
            reason=request.POST.get("reason", ""),
            now=utcnow(),
            lanes=[self.kwargs["lane"]],
        )
        messages.success(request, "Sent again." if report.count else "It is no dead letter any more.")

    def act_skip(self, request: HttpRequest) -> str:
        skip_dead_letter(
            lane=self.kwargs["lane"],
            actor=whoever_acts(),
            reason=request.POST.get("reason", ""),
            now=utcnow(),
        )
        messages.success(request, "Given up; later changes are delivered as usual.")
        return reverse("admin:dead_letters")
