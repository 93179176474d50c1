"""The schedule rows by which beat wakes deliveries; stewards may edit them."""

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

SWEEP_SECONDS = 5


@transaction.atomic
def ensure_schedules() -> int:
    """Create the schedule of the sweep unless it is there; return how many rows were made."""
    every, _ = IntervalSchedule.objects.get_or_create(every=SWEEP_SECONDS, period=IntervalSchedule.SECONDS)
    _, created = PeriodicTask.objects.get_or_create(
        name="Distribution: deliver what is due",
        defaults={
            "task": "distribution.sweep_lanes",
            "interval": every,
            "expire_seconds": 2 * SWEEP_SECONDS,
            "description": "Wakes deliveries for every target that has something due.",
        },
    )
    return int(created)
