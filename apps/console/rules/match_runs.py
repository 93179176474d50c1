"""Match runs: what each re-match found, how long it took, and its log."""

from typing import Any

from django.shortcuts import get_object_or_404

from apps.console.paging import newest_first
from apps.console.screens import ConsoleView, screen
from apps.golden.registry import entities
from apps.matching.models import MatchRun


def seconds_of(run: MatchRun) -> float | None:
    return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None


@screen("match-runs/", name="match_runs")
class MatchRunsView(ConsoleView):
    title = "Match runs"
    template_name = "console/rules/match_runs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        rows = MatchRun.objects.defer("log")
        if query.get("entity"):
            rows = rows.filter(entity=query["entity"])
        page = newest_first(rows, query)
        return super().get_context_data(
            **kwargs,
            page=page,
            runs=[(run, seconds_of(run)) for run in page.rows],
            specs=[spec for spec in entities.values() if spec.match.features],
            query=query,
        )


@screen("match-runs/<uuid:run_id>/", name="match_run")
class MatchRunView(ConsoleView):
    template_name = "console/rules/match_run.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run = get_object_or_404(MatchRun, pk=kwargs["run_id"])
        counters = [(name, getattr(run, name)) for name in ("records", "pairs", "merges", "reviews")]
        return super().get_context_data(
            **kwargs,
            title=f"Re-match of {run.entity}",
            run=run,
            took=seconds_of(run),
            counters=counters,
        )
