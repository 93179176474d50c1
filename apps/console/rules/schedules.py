"""Scheduled jobs: when each runs, when it ran last and what came of it; edit, switch on and off, run now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.permissions import user_may
from apps.console.rules.jobs import Timing, run_job, save_job, switch_job, timing_of
from apps.console.rules.match_runs import seconds_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.matching.models import MatchRun
from apps.sources.models import Load

OWN = "celery."
"""Jobs of Celery itself are not the stewards'."""
RUNS = 8


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the list shows it; `result` is what its last run left behind, where it leaves something."""

    job: PeriodicTask
    timing: Timing
    next_at: datetime | None
    result: str
    took: float | None
    link: str


def jobs() -> QuerySet[Any]:
    rows: QuerySet[Any] = PeriodicTask.objects.select_related("interval", "crontab")
    return rows.exclude(task__startswith=OWN).order_by("name")


def _row(job: PeriodicTask, run: MatchRun | None) -> JobRow:
    due_in = job.schedule.remaining_estimate(job.last_run_at).total_seconds() if job.last_run_at else None
    next_at = None
    if job.enabled and due_in is not None:
        next_at = datetime.fromtimestamp(utcnow().timestamp() + max(0.0, due_in), tz=utcnow().tzinfo)
    if job.task == "pipeline.rematch" and run is not None:
        link = reverse("admin:match_run", args=(run.pk,))
        return JobRow(job, timing_of(job), next_at, run.status, seconds_of(run), link)
    return JobRow(job, timing_of(job), next_at, "started" if job.last_run_at else "", None, "")


@screen("schedules/", name="schedules")
class SchedulesView(ActingView):
    title = "Scheduled jobs"
    template_name = "console/rules/schedules.html"
    acts: ClassVar = {"switch": Capability.EDIT_RULES, "run": Capability.OPERATE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        runs = list(MatchRun.objects.defer("log").order_by("-pk")[:RUNS])
        newest = runs[0] if runs else None
        return super().get_context_data(
            **kwargs,
            rows=[_row(job, newest) for job in jobs()],
            runs=[(run, seconds_of(run)) for run in runs],
            loads=list(Load.objects.order_by("-pk")[:RUNS]),
            may_edit=user_may(self.request, Capability.EDIT_RULES),
        )

    def _job(self, request: HttpRequest) -> PeriodicTask:
        chosen = request.POST.get("job", "")
        return get_object_or_404(jobs(), pk=chosen if chosen.isdecimal() else 0)

    def act_switch(self, request: HttpRequest) -> None:
        job = switch_job(job=self._job(request), now=utcnow())
        messages.success(request, f"“{job.name}” is {'on' if job.enabled else 'off'}.")

    def act_run(self, request: HttpRequest) -> None:
        job = self._job(request)
        run_job(job=job, now=utcnow())
        messages.success(request, f"“{job.name}” was handed to a worker.")


@screen("schedules/<int:job_id>/", name="schedule")
class ScheduleView(ActingView):
    template_name = "console/rules/schedule.html"
    post_capability = Capability.EDIT_RULES
    acts: ClassVar = {"save": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = get_object_or_404(jobs(), pk=self.kwargs["job_id"])
        return super().get_context_data(
            **{"timing": timing_of(job), "title": job.name, **kwargs},
            job=job,
            may_edit=user_may(self.request, Capability.EDIT_RULES),
        )

    def act_save(self, request: HttpRequest) -> str:
        post = request.POST
        job = get_object_or_404(jobs(), pk=self.kwargs["job_id"])
        every = post.get("every", "")
        timing = Timing(
            kind="cron" if post.get("kind") == "cron" else "interval",
            every=int(every) if every.isdecimal() else 0,
            period=post.get("period", ""),
            cron=" ".join(post.get("cron", "").split()),
        )
        save_job(
            job=job,
            timing=timing,
            description=post.get("description", "").strip(),
            enabled=bool(post.get("enabled")),
            now=utcnow(),
        )
        messages.success(request, f"“{job.name}” is saved; the scheduler takes it up within seconds.")
        return reverse("admin:schedules")
