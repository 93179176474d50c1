"""Reads of the inbox: what waits, and how each system's webhooks are doing."""

from datetime import datetime

from django.db.models import Q

from apps.distribution.models import InboxMessage, InboxState


def waiting_inboxes(*, now: datetime) -> list[str]:
    """Return the codes of enabled connections that have messages to be fetched now."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    rows = InboxMessage.objects.filter(
        free, state=InboxState.WAITING, next_at__lte=now, connection__enabled=True
    ).order_by()
    return sorted(set(rows.values_list("connection__code", flat=True)))
