"""Deliveries: every attempt at every target, newest first."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from apps.connectors.models import Connection
from apps.console.delivery.naming import named
from apps.console.paging import newest_first, uuid_of
from apps.console.screens import ConsoleView, screen
from apps.distribution.models import DeliveryAttempt, Outcome


def attempts(query: Mapping[str, str]) -> QuerySet[DeliveryAttempt]:
    """Return the attempts a query string asks for."""
    wanted: dict[str, Any] = {
        "connection__code": query.get("target", ""),
        "outcome": query.get("outcome", ""),
        "correlation_id": uuid_of(query.get("correlation", "")),
        "record_id": uuid_of(query.get("record", "")),
    }
    rows = DeliveryAttempt.objects.filter(**{name: value for name, value in wanted.items() if value})
    return rows.select_related("connection")


@screen("deliveries/", name="deliveries")
class DeliveriesView(ConsoleView):
    title = "Deliveries"
    template_name = "console/delivery/deliveries.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        page = newest_first(attempts(query), query)
        names = named(self.request, [attempt.record_id for attempt in page.rows])
        return super().get_context_data(
            **kwargs,
            page=page,
            attempts=[(attempt, names.get(str(attempt.record_id)), _took(attempt)) for attempt in page.rows],
            targets=list(Connection.objects.filter(subscriptions__isnull=False).distinct()),
            outcomes=Outcome.values,
            query=query,
        )


def _took(attempt: DeliveryAttempt) -> float | None:
    return (attempt.ended_at - attempt.started_at).total_seconds() if attempt.ended_at else None
