"""The parked lanes a filter speaks of; services and selectors read the same."""

from django.db.models import QuerySet

from apps.distribution.contracts import DeadLetterFilter
from apps.distribution.models import Lane


def parked_lanes(matching: DeadLetterFilter) -> QuerySet[Lane]:
    """Return the dead letters for which every given condition holds."""
    wanted = {
        "connection__code": matching.connection,
        "subscription__entity": matching.entity,
        "park_code": matching.code,
        "park_owner": matching.owner,
        "record_id": matching.record_id,
        "park_due__lt": matching.overdue_at,
    }
    conditions = {name: value for name, value in wanted.items() if value}
    return Lane.objects.filter(parked_at__isnull=False, **conditions)
