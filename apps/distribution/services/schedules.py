"""The schedule rows by which beat wakes deliveries; stewards may edit them."""

from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

SWEEP_SECONDS = 5
PULL_SECONDS = 300
INBOX_SECONDS = 10


@transaction.atomic
def ensure_schedules() -> int:
    """Create the schedules of sweep, reconciliation, pull and inbox unless they are there; return how many are new."""
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
    nightly, _ = CrontabSchedule.objects.get_or_create(minute="45", hour="2", timezone="UTC")
    _, reconciling = PeriodicTask.objects.get_or_create(
        name="Distribution: reconcile all targets",
        defaults={
            "task": "distribution.reconcile_targets",
            "crontab": nightly,
            "description": "Compares what each target holds with what it should hold.",
        },
    )
    minute, _ = IntervalSchedule.objects.get_or_create(every=60, period=IntervalSchedule.SECONDS)
    _, going_on = PeriodicTask.objects.get_or_create(
        name="Distribution: go on with reconciliations",
        defaults={
            "task": "distribution.continue_reconciliations",
            "interval": minute,
            "expire_seconds": 60,
            "description": "Takes up reconciliations and runs over mappings that were left by a worker.",
        },
    )
    often, _ = IntervalSchedule.objects.get_or_create(every=PULL_SECONDS, period=IntervalSchedule.SECONDS)
    _, pulling = PeriodicTask.objects.get_or_create(
        name="Distribution: pull changes of systems",
        defaults={
            "task": "distribution.pull_systems",
            "interval": often,
            "expire_seconds": PULL_SECONDS,
            # From then on a system's copy counts as its own word: for the data owner to decide.
            "enabled": False,
            "description": "Lands what changed in systems that are targets and sources; switch on when decided.",
        },
    )
    soon, _ = IntervalSchedule.objects.get_or_create(every=INBOX_SECONDS, period=IntervalSchedule.SECONDS)
    _, fetching = PeriodicTask.objects.get_or_create(
        name="Distribution: fetch what webhooks named",
        defaults={
            "task": "distribution.sweep_inbox",
            "interval": soon,
            "expire_seconds": INBOX_SECONDS,
            "description": "Reads the records that systems said have changed; a message wakes it earlier.",
        },
    )
    night, _ = CrontabSchedule.objects.get_or_create(minute="20", hour="3", timezone="UTC")
    _, forgetting = PeriodicTask.objects.get_or_create(
        name="Distribution: forget old webhooks",
        defaults={
            "task": "distribution.prune_inbox",
            "crontab": night,
            "description": "Inbox messages that were settled a month ago; rejected ones stay.",
        },
    )
    return sum((created, reconciling, going_on, pulling, fetching, forgetting))
