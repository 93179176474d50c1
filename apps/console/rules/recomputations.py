"""Recomputations: how far the golden records have followed rules that were activated; cancelled and resumed here."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.paging import newest_first
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.pipeline.models import Recomputation
from apps.pipeline.services import cancel_recomputation, recompute_entities, resume_recomputation


def under_way() -> Recomputation | None:
    """Return the recomputation that waits or runs; there is one at most."""
    return Recomputation.objects.defer("log").filter(status__in=Recomputation.OPEN).first()


def recompute(spec: EntitySpec) -> Recomputation | None:
    """Have all golden records of an entity computed again, as a person asked for."""
    return recompute_entities(
        entity_names=[spec.name], cause=f"all {spec.plural} by the active rules", now=utcnow()
    )


def told_of(run: Recomputation | None) -> str:
    """Return what comes of an activation, for people."""
    if run is None:
        return "No golden record is computed otherwise by it."
    names = ", ".join(entity(name).plural for name in run.entities)
    return f"{run.total:,} golden records ({names}) are computed again in the background; see Recomputations."


@screen("recomputations/", name="recomputations")
class RecomputationsView(ActingView):
    title = "Recomputations"
    template_name = "console/rules/recomputations.html"
    acts: ClassVar = dict.fromkeys(("cancel", "resume"), Capability.OPERATE)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = newest_first(Recomputation.objects.all(), self.request.GET)
        return super().get_context_data(
            **kwargs, page=page, refresh=any(run.is_open for run in page.rows), newest=page.rows[:1]
        )

    def act_cancel(self, request: HttpRequest) -> None:
        run = cancel_recomputation(run_id=_run_of(request), now=utcnow())
        messages.success(request, f"Cancelled after {run.done:,} records; those stay as they are now.")

    def act_resume(self, request: HttpRequest) -> None:
        run = resume_recomputation(run_id=_run_of(request), now=utcnow())
        messages.success(request, f"It goes on at {run.done:,} of {run.total:,}.")


def _run_of(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("run", ""))
    except ValueError:
        raise Invalid("This is no run; reload the page.") from None
