"""The first page: what waits, what flows, what needs attention first."""

from typing import Any

from django.http import HttpRequest

from apps.console.badges import waiting


def add_dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures of the dashboard to the context of the admin's index page."""
    return {**context, "waiting": waiting(request)}
