"""Simulate a version of rules on live data: asked for from the screen of the rules, shown on its own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from apps.core.clock import utcnow
from apps.pipeline.simulating import start_simulation


def simulate(request: HttpRequest, **rules: Any) -> str | None:
    """Ask for a simulation (`ownership=` or `survivorship=` a version's id) and return where it is shown."""
    simulation = start_simulation(now=utcnow(), **rules)
    messages.success(
        request, "The simulation runs on live data and changes nothing; its report fills in as it goes."
    )
    try:
        return reverse("admin:simulation", args=(simulation.pk,))
    except NoReverseMatch:  # a hub without the screen of simulations keeps the report all the same
        return None
