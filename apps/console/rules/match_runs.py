"""Match runs: start, watch, cancel and resume re-matches; what each found, how long each phase took, its log."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.paging import newest_first
from apps.console.permissions import user_may
from apps.console.rules.jobs import BrokerDown, start_task
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.matching.models import CandidatePair, MatchRun, ReviewLimit
from apps.matching.selectors import review_limit
from apps.matching.services import limit_reviews
from apps.pipeline.contracts import Progress
from apps.pipeline.selectors import progress_of
from apps.pipeline.services import cancel_rematch, request_rematch, resume_rematch

COUNTERS = (
    ("records", "records"),
    ("pairs", "pairs compared"),
    ("matches", "pairs that match"),
    ("merges", "merges"),
    ("splits", "records parted"),
    ("changed", "golden records changed"),
    ("reviews", "reviews opened"),
    ("closed", "reviews closed"),
    ("left_out", "reviews that wait for room"),
    ("vetoed", "merges vetoed"),
    ("takeovers", "times taken over"),
    ("peak_memory_mb", "MB of memory at most"),
)


def seconds_of(run: MatchRun) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


def _wake_workers(request: HttpRequest) -> None:
    """Ask a worker to begin now; without a broker the run waits for the schedule."""
    try:
        start_task("pipeline.continue_rematch")
    except BrokerDown:
        messages.warning(
            request, "No worker could be woken; the run begins when workers and broker are back."
        )


@dataclass(frozen=True, slots=True)
class QueueRow:
    """How full the review queue of an entity is."""

    name: str
    label: str
    open: int
    limit: ReviewLimit


@screen("match-runs/", name="match_runs")
class MatchRunsView(ActingView):
    title = "Match runs"
    template_name = "console/rules/match_runs.html"
    acts: ClassVar = {"start": Capability.OPERATE, "limit": Capability.EDIT_RULES}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        rows = MatchRun.objects.defer("log")
        if query.get("entity"):
            rows = rows.filter(entity=query["entity"])
        page = newest_first(rows, query)
        specs = [spec for spec in entities.values() if spec.match.strategy == "fuzzy"]
        return super().get_context_data(
            **kwargs,
            page=page,
            runs=[(run, seconds_of(run), progress_of(run)) for run in page.rows],
            refresh=any(run.is_active for run in page.rows),
            specs=specs,
            modes=MatchRun.Mode.choices,
            queues=[
                QueueRow(
                    spec.name,
                    spec.plural,
                    CandidatePair.objects.filter(entity=spec.name, status="open").count(),
                    review_limit(entity_name=spec.name),
                )
                for spec in specs
            ],
            may_edit=user_may(self.request, Capability.EDIT_RULES),
            query=query,
        )

    def act_start(self, request: HttpRequest) -> str:
        mode = request.POST.get("mode", "")
        if mode not in MatchRun.Mode.values:
            raise Invalid("Choose what to compare: everything, or what changed.")
        spec = entity(request.POST.get("entity", ""))
        run = request_rematch(entity_name=spec.name, mode=mode, now=utcnow())
        _wake_workers(request)
        return reverse("admin:match_run", args=(run.pk,))

    def act_limit(self, request: HttpRequest) -> None:
        most = request.POST.get("most", "")
        spec = entity(request.POST.get("entity", ""))
        limit = limit_reviews(entity_name=spec.name, most=int(most) if most.isdecimal() else 0)
        messages.success(request, f"Up to {limit.most:,} reviews of {spec.plural} may be open at once.")


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """A phase of a run: done, under way or still to come."""

    label: str
    state: str
    units: int
    seconds: float | None
    cpu: float | None


def phases_of(run: MatchRun) -> list[PhaseRow]:
    rows = []
    for phase in MatchRun.Phase:
        spent = run.phases.get(phase)
        now = run.phase == phase and run.status != MatchRun.Status.DONE
        state = run.status if now else "done" if spent else "waiting"
        rows.append(
            PhaseRow(
                phase.label,
                state,
                run.done if now else spent["units"] if spent else 0,
                spent["seconds"] if spent else None,
                spent["cpu"] if spent else None,
            )
        )
    if run.mode == MatchRun.Mode.CHANGED:
        skipped = {MatchRun.Phase.PAIRS.label, MatchRun.Phase.SCORE.label, MatchRun.Phase.CLUSTER.label}
        rows = [row for row in rows if row.label not in skipped]
    return rows


@screen("match-runs/<uuid:run_id>/", name="match_run")
class MatchRunView(ActingView):
    template_name = "console/rules/match_run.html"
    acts: ClassVar = {"cancel": Capability.OPERATE, "resume": Capability.OPERATE}

    def act_cancel(self, request: HttpRequest) -> None:
        run = cancel_rematch(run_id=self.kwargs["run_id"], now=utcnow())
        stopped = run.status == MatchRun.Status.CANCELLED
        messages.success(request, "Cancelled." if stopped else "It stops after its present chunk.")

    def act_resume(self, request: HttpRequest) -> None:
        run = resume_rematch(run_id=self.kwargs["run_id"], now=utcnow())
        messages.success(request, f"It goes on with “{run.get_phase_display()}” at {run.done:,}.")
        _wake_workers(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = get_object_or_404(MatchRun, pk=self.kwargs["run_id"])
        progress: Progress = progress_of(run)
        counters = [(label, getattr(run, name)) for name, label in COUNTERS]
        return super().get_context_data(
            **kwargs,
            title=f"Re-match of {entity(run.entity).plural}",
            run=run,
            took=seconds_of(run),
            progress=progress,
            phases=phases_of(run),
            refresh=run.is_active,
            resumable=run.status in MatchRun.RESUMABLE,
            counters=[(label, count) for label, count in counters if count or label in _ALWAYS],
        )


_ALWAYS = {"records", "pairs compared", "merges", "records parted", "reviews opened"}
