"""Simulations: how far one is, and what it told; the same page for match, ownership and survivorship drafts."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.console.masking import MASK, sight_of
from apps.console.paging import newest_first
from apps.console.screens import ConsoleView, screen
from apps.golden.registry import entities, entity
from apps.matching.models import MatchRule
from apps.pipeline.models import Simulation
from apps.pipeline.simulating import is_stale, report_of

RUNNING = (Simulation.Status.QUEUED, Simulation.Status.RUNNING)


@screen("simulations/", name="simulations")
class SimulationsView(ConsoleView):
    title = "Simulations"
    template_name = "console/matching/simulations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = newest_first(Simulation.objects.all(), self.request.GET)
        rows = [(each, report_of(each)) for each in page.rows]
        return super().get_context_data(**kwargs, page=page, rows=rows)


@screen("simulations/<uuid:simulation_id>/", name="simulation")
class SimulationView(ConsoleView):
    template_name = "console/matching/simulation.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        simulation = get_object_or_404(Simulation, pk=kwargs["simulation_id"])
        rule = MatchRule.objects.filter(pk=simulation.match_rule or 0).defer("model").first()
        back = f"{reverse('admin:studio')}?entity={rule.entity}&version={rule.version}" if rule else ""
        report = report_of(simulation)
        name = simulation.entity if simulation.entity in entities else ""
        return super().get_context_data(
            **kwargs,
            title=f"Simulation of {simulation.subject}",
            simulation=simulation,
            running=simulation.status in RUNNING,
            percent=round(100 * simulation.progress),
            report=report,
            examples=self._examples(report),
            stale=is_stale(simulation) if report else "",
            back=back or (reverse("admin:ownership") if simulation.ownership else ""),
            masks_titles=bool(name) and sight_of(self.request, entity(name)).hides_title,
            MASK=MASK,
        )

    def _examples(self, report: Any) -> list[tuple[Any, str, Any, Any]]:
        """Return (record, attribute title, before, after); lists in a few words, masked by role."""
        found = []
        for each in report.examples[:60] if report else ():
            if each.entity not in entities:
                continue
            spec = entity(each.entity)
            sight = sight_of(self.request, spec)
            before, after = (sight.value(each.attribute, value) for value in (each.before, each.after))
            found.append((each, each.attribute.replace("_", " "), _told(before), _told(after)))
        return found


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(
            ", ".join(str(v) for v in item.values()) if isinstance(item, dict) else str(item)
            for item in value
        )
    return "" if value is None else str(value)
