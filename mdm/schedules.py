"""The scheduled jobs that ship with the hub."""

from dataclasses import dataclass

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled job as stewards find it in the admin: every `seconds`, or at a cron time."""

    name: str
    task: str
    seconds: int = 0
    cron: tuple[str, str] = ("", "")  # minute, hour
    description: str = ""
    expires: int | None = None  # seconds after which a wake-up that nobody took is dropped
    enabled: bool = True


SCHEDULES = (
    Schedule(
        "Run what is pending", "pipeline.run", seconds=10, description="Source records to golden records."
    ),
    Schedule(
        "Re-match everything", "pipeline.rematch", cron=("30", "1"), description="Compares all records again."
    ),
    Schedule(
        "Go on with re-matches",
        "pipeline.continue_rematch",
        seconds=30,
        description="Takes up what waits or was left by a worker; opens reviews when the queue has room.",
    ),
    Schedule(
        "Check all invariants",
        "stewardship.check_invariants",
        cron=("15", "3"),
        description="What must hold between records; opens and closes exception tasks.",
    ),
    Schedule(
        "Rate the review queue",
        "stewardship.rate_reviews",
        seconds=120,
        description="Asks first what is doubtful and has much hanging on it; goes on with decisions on patterns.",
    ),
    Schedule(
        "Remove old simulations",
        "pipeline.prune",
        cron=("40", "3"),
        description="Also snapshots that no rule in force or being tried is weighed on.",
    ),
    Schedule(
        "Turn ownership periods",
        "mastering.turn_periods",
        cron=("2", "0"),
        description="Where a period of the matrix begins or ends, records are computed again.",
    ),
    Schedule(
        "Turn reference data",
        "quality.turn_codes",
        cron=("3", "0"),
        description="Where a code or a system's word for it begins or ends, records are read again.",
    ),
    Schedule(
        "Release expired pins",
        "stewardship.release_expired_pins",
        cron=("5", "0"),
        description="The rules decide again where a pin has expired.",
    ),
    Schedule(
        "Measure ages of values",
        "mastering.turn_trust",
        cron=("10", "0"),
        description="Where trust decays with age, records are computed again.",
    ),
    Schedule(
        "Distribution: deliver what is due",
        "distribution.sweep_lanes",
        seconds=5,
        expires=10,
        description="Wakes deliveries for every target that has something due.",
    ),
    Schedule(
        "Distribution: reconcile all targets",
        "distribution.reconcile_targets",
        cron=("45", "2"),
        description="Compares what each target holds with what it should hold.",
    ),
    Schedule(
        "Distribution: go on with reconciliations",
        "distribution.continue_reconciliations",
        seconds=60,
        expires=60,
        description="Takes up reconciliations and runs over mappings that were left by a worker.",
    ),
    Schedule(
        "Distribution: pull changes of systems",
        "distribution.pull_systems",
        seconds=300,
        expires=300,
        description="Lands what changed in systems that are targets and sources; switch on when decided.",
        # From then on a system's copy counts as its own word: for the data owner to decide.
        enabled=False,
    ),
    Schedule(
        "Distribution: fetch what webhooks named",
        "distribution.sweep_inbox",
        seconds=10,
        expires=10,
        description="Reads the records that systems said have changed; a message wakes it earlier.",
    ),
    Schedule(
        "Distribution: forget old webhooks",
        "distribution.prune_inbox",
        cron=("20", "3"),
        description="Inbox messages that were settled a month ago; rejected ones stay.",
    ),
)


def seed_schedules() -> None:
    """Create the shipped jobs that are not there; what stewards changed stays as it is."""
    for each in SCHEDULES:
        timing: dict[str, object]
        if each.seconds:
            every, _ = IntervalSchedule.objects.get_or_create(
                every=each.seconds, period=IntervalSchedule.SECONDS
            )
            timing = {"interval": every}
        else:
            minute, hour = each.cron
            at, _ = CrontabSchedule.objects.get_or_create(minute=minute, hour=hour, timezone="UTC")
            timing = {"crontab": at}
        PeriodicTask.objects.get_or_create(
            name=each.name,
            defaults={
                "task": each.task,
                "description": each.description,
                "expire_seconds": each.expires,
                "enabled": each.enabled,
                **timing,
            },
        )
