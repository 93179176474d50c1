"""Verbs on scheduled jobs: the rows of django-celery-beat, which the scheduler reads; each deed is audited."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from celery import current_app
from celery.schedules import ParseException, crontab
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from kombu.exceptions import OperationalError

from apps.audit.services import record_deed
from apps.core.errors import HubError, Invalid

PERIODS = tuple(IntervalSchedule.PERIOD_CHOICES)
_CRON_FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


class BadSchedule(Invalid):
    code = "bad_schedule"
    title = "This is no time a job can run at"


class BrokerDown(HubError):
    code = "broker_down"
    title = "The job could not be started: the broker is out of reach"
    status = 503


@dataclass(frozen=True, slots=True)
class Timing:
    """Every so many periods, or five cron fields in UTC."""

    kind: Literal["interval", "cron"]
    every: int = 0
    period: str = IntervalSchedule.SECONDS
    cron: str = ""

    def __str__(self) -> str:
        if self.kind == "cron":
            minute, hour, *days = (*self.cron.split(), "", "")
            if minute.isdecimal() and hour.isdecimal() and set(days) <= {"*", ""}:
                return f"daily at {int(hour):02}:{int(minute):02} UTC"
            return f"at {self.cron} (UTC)"
        return f"every {self.every} {self.period if self.every != 1 else self.period.removesuffix('s')}"


def timing_of(job: PeriodicTask) -> Timing:
    if job.crontab is not None:
        return Timing("cron", cron=" ".join(str(getattr(job.crontab, name)) for name in _CRON_FIELDS))
    if job.interval is not None:
        return Timing("interval", every=job.interval.every, period=job.interval.period)
    return Timing("interval")


def _rows_of(timing: Timing) -> dict[str, Any]:
    """Return the schedule columns of a job. Raises BadSchedule."""
    if timing.kind == "interval":
        if timing.every < 1 or timing.period not in dict(PERIODS):
            raise BadSchedule("An interval is at least one second, minute, hour or day.")
        every, _ = IntervalSchedule.objects.get_or_create(every=timing.every, period=timing.period)
        return {"interval": every, "crontab": None}
    fields = timing.cron.split()
    if len(fields) != len(_CRON_FIELDS):
        raise BadSchedule(
            "Give five fields: minute, hour, day of month, month, day of week; e.g. 30 1 * * *."
        )
    values = dict(zip(_CRON_FIELDS, fields, strict=True))
    try:
        crontab(**values)
    except (ValueError, ParseException) as error:
        raise BadSchedule(f"{timing.cron!r} is not understood: {error}") from None
    at, _ = CrontabSchedule.objects.get_or_create(**values, timezone="UTC")
    return {"interval": None, "crontab": at}


@transaction.atomic
def save_job(
    *, job: PeriodicTask, timing: Timing, description: str, enabled: bool, now: datetime
) -> PeriodicTask:
    """Change when a job runs. Raises BadSchedule."""
    for name, value in _rows_of(timing).items():
        setattr(job, name, value)
    job.description, job.enabled = description, enabled
    job.save()
    record_deed(
        verb="schedule.saved", now=now, subject=job.name, detail={"runs": str(timing), "enabled": enabled}
    )
    return job


@transaction.atomic
def switch_job(*, job: PeriodicTask, now: datetime) -> PeriodicTask:
    """Switch a job on or off."""
    job.enabled = not job.enabled
    job.save()
    record_deed(verb=f"schedule.switched_{'on' if job.enabled else 'off'}", now=now, subject=job.name)
    return job


def run_job(*, job: PeriodicTask, now: datetime) -> None:
    """Hand a job to a worker at once. Raises BrokerDown."""
    start_task(job.task, *json.loads(job.args or "[]"))
    record_deed(verb="schedule.run_now", now=now, subject=job.name)


def start_task(task: str, *args: Any) -> None:
    """Ask a worker to run a task. Raises BrokerDown."""
    try:
        current_app.send_task(task, args=args, ignore_result=True)
    except (OperationalError, OSError) as error:
        raise BrokerDown("Start the workers and the broker (`manage.py up`), then try again.") from error
