"""Simulations: how far one is, and what it told; the same page for match, ownership and survivorship drafts."""

from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Count, F, Func
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.masking import MASK, sight_of
from apps.console.paging import newest_first
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, screen
from apps.console.values import names_of
from apps.core.clock import utcnow
from apps.golden.registry import entities, entity
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.matching.models import MatchRule
from apps.pipeline.models import SimulatedRecord, Simulation
from apps.pipeline.simulating import cancel_simulation, is_stale, report_of

PAGE = 100


@screen("simulations/", name="simulations")
class SimulationsView(ConsoleView):
    title = "Simulations"
    template_name = "console/matching/simulations.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = newest_first(Simulation.objects.defer("report"), self.request.GET)
        return super().get_context_data(**kwargs, page=page, refresh=any(each.is_open for each in page.rows))


@screen("simulations/<uuid:simulation_id>/", name="simulation")
class SimulationView(ActingView):
    template_name = "console/matching/simulation.html"
    acts: ClassVar = {"cancel": Capability.EDIT_RULES}

    def act_cancel(self, request: HttpRequest) -> None:
        cancel_simulation(simulation_id=self.kwargs["simulation_id"], now=utcnow())
        messages.success(request, "Cancelled; nothing was written anyway.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        simulation = get_object_or_404(Simulation, pk=kwargs["simulation_id"])
        report = report_of(simulation)
        name = simulation.entity if simulation.entity in entities else ""
        return super().get_context_data(
            **kwargs,
            title=f"Simulation of {simulation.subject}",
            simulation=simulation,
            running=simulation.is_open,
            may_cancel=user_may(self.request, Capability.EDIT_RULES),
            listed=SimulatedRecord.objects.filter(simulation=simulation).count() if report else 0,
            percent=round(100 * simulation.progress),
            report=report,
            examples=self._examples(report),
            stale=is_stale(simulation) if report else "",
            back=_draft_of(simulation),
            of_matching=bool(simulation.match_rule),
            requalified=dict(report.changed).get("requalified", 0) if report else 0,
            masks_titles=bool(name) and sight_of(self.request, entity(name)).hides_title,
            MASK=MASK,
        )

    def _examples(self, report: Any) -> list[tuple[Any, str, str, Any, Any]]:
        """Return (record, its title, attribute title, before, after); lists in a few words, masked by role."""
        found = []
        for each in report.examples[:60] if report else ():
            if each.entity not in entities:
                continue
            spec = entity(each.entity)
            sight = sight_of(self.request, spec)
            before, after = (sight.value(each.attribute, value) for value in (each.before, each.after))
            title = sight.title(each.record.title)
            found.append((each, title, each.attribute.replace("_", " "), _told(before), _told(after)))
        return found


@screen("simulations/<uuid:simulation_id>/records/", name="simulated_records")
class SimulatedRecordsView(ConsoleView):
    """All golden records a simulation found to be others, those with most money first; `?kind=`, `?attribute=`."""

    template_name = "console/matching/simulated_records.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        simulation = get_object_or_404(Simulation.objects.defer("report"), pk=kwargs["simulation_id"])
        given = self.request.GET
        rows = SimulatedRecord.objects.filter(simulation=simulation)
        kinds = dict(rows.values_list("kind").annotate(Count("record_id")).order_by("kind"))
        names = rows.annotate(name=Func(F("attributes"), function="unnest")).values_list("name")
        attributes = list(names.annotate(number=Count("*")).order_by("-number", "name"))
        if given.get("kind") in kinds:
            rows = rows.filter(kind=given["kind"])
        if given.get("attribute"):
            rows = rows.filter(attributes__contains=[given["attribute"]])
        rows = rows.order_by("-worth", "record_id")
        start = number_in(given.get("start", ""))
        shown = list(rows[start : start + PAGE + 1])
        clear = user_may(self.request, Capability.UNMASK)
        named = names_of([row.record_id for row in shown[:PAGE]], clear=clear)
        return super().get_context_data(
            **kwargs,
            title=f"What changes: {simulation.subject}",
            simulation=simulation,
            rows=[(row, named.get(str(row.record_id))) for row in shown[:PAGE]],
            count=rows.count(),
            kinds=kinds.items(),
            attributes=attributes,
            given=given,
            start=start,
            following=start + PAGE if len(shown) > PAGE else None,
            former=max(0, start - PAGE) if start else None,
        )


def _draft_of(simulation: Simulation) -> str:
    """Return where the simulated version of rules is shown."""
    if rule := MatchRule.objects.filter(pk=simulation.match_rule or 0).defer("model").first():
        return f"{reverse('admin:studio')}?entity={rule.entity}&version={rule.version}"
    for name, model, pk in (
        ("ownership", OwnershipMatrix, simulation.ownership),
        ("survivorship", SurvivorshipPolicy, simulation.survivorship),
    ):
        if version := model.objects.filter(pk=pk or 0).values_list("version", flat=True).first():
            return f"{reverse(f'admin:{name}')}?version={version}"
    return ""


def number_in(text: str) -> int:
    """Return a count from a query, 0 for what is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _told(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(
            ", ".join(str(v) for v in item.values()) if isinstance(item, dict) else str(item)
            for item in value
        )
    return "" if value is None else str(value)
