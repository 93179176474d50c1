"""Audit events: who did what, why and in which business transaction."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_date
from django.utils.timezone import make_aware

from apps.accounts.roles import Capability
from apps.audit.models import AuditEvent
from apps.console.paging import newest_first, uuid_of
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, screen
from apps.console.values import names_of


def audit_events(query: Mapping[str, str]) -> QuerySet[AuditEvent]:
    """Return the events a query string asks for; what makes no sense in it is left out."""
    wanted: dict[str, Any] = {
        "actor": query.get("actor", "").strip(),
        "verb__icontains": query.get("verb", "").strip(),
        "subject__icontains": query.get("subject", "").strip(),
        "correlation_id": uuid_of(query.get("correlation", "").strip()),
        "record_id": uuid_of(query.get("record", "").strip()),
        "at__gte": _midnight(query.get("since", ""), time.min),
        "at__lte": _midnight(query.get("until", ""), time.max),
    }
    return AuditEvent.objects.filter(**{name: value for name, value in wanted.items() if value})


def _midnight(text: str, moment: time) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return make_aware(datetime.combine(day, moment)) if day else None


@screen("audit/", name="audit")
class AuditView(ConsoleView):
    """Details may quote values, so they need the capability to see personal attributes."""

    title = "Audit events"
    template_name = "console/system/audit.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        clear = user_may(self.request, Capability.UNMASK)
        page = newest_first(audit_events(query), query)
        names = names_of([event.record_id for event in page.rows if event.record_id], clear=clear)
        return super().get_context_data(
            **kwargs,
            page=page,
            events=[(event, names.get(str(event.record_id))) for event in page.rows],
            query=query,
            clear=clear,
        )
