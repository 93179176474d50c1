"""Survivorship rules on screen: per attribute group the strategies in their order, and the trust in each system."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.permissions import user_may
from apps.console.rules.groups import titles_by_group
from apps.console.rules.recomputations import recompute, told_of, under_way
from apps.console.rules.simulated import simulate
from apps.console.rules.survivorship_changes import survivorship_changes
from apps.console.rules.versions import chosen_version, number_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.mastering.explaining import STRATEGY_TITLES
from apps.mastering.models import SurvivorshipPolicy, SurvivorshipRule
from apps.mastering.services import (
    SurvivorshipCell,
    draft_survivorship,
    write_survivorship_draft,
)
from apps.pipeline.services import apply_survivorship

Cells = dict[str, SurvivorshipCell]
Posted = dict[str, tuple[SurvivorshipCell, str]]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """How one group survives; `changed` against the active version."""

    group: str
    titles: tuple[str, ...]
    cell: SurvivorshipCell
    changed: bool
    typed: str | None = None  # trust that makes no sense, as it was typed

    @property
    def order(self) -> str:
        return ",".join(self.cell.strategies)

    @property
    def named(self) -> list[str]:
        return [STRATEGY_TITLES.get(name, name) for name in self.cell.strategies]

    @property
    def trust(self) -> str:
        """Return the trust as it is typed: "salesforce: 90 / 180 days, psa: 40"."""
        if self.typed is not None:
            return self.typed
        return ", ".join(
            f"{name}: {points:g}" + (f" / {half_life:g} days" if half_life else "")
            for name, (points, half_life) in sorted(self.cell.trust.items())
        )


def cells_of(policy: SurvivorshipPolicy | None, entity_name: str) -> Cells:
    rows = SurvivorshipRule.objects.filter(policy=policy, entity=entity_name) if policy else ()
    return {
        row.group: SurvivorshipCell(
            tuple(row.strategies), row.whole, {name: (each[0], each[1]) for name, each in row.trust.items()}
        )
        for row in rows
    }


def rows_of(spec: EntitySpec, cells: Cells, active: Cells) -> list[GroupRow]:
    usual = {group: SurvivorshipCell(whole=group in spec.whole) for group in spec.groups()}
    return [
        GroupRow(
            group,
            titles,
            cells.get(group, usual[group]),
            cells.get(group, usual[group]) != active.get(group, usual[group]),
        )
        for group, titles in titles_by_group(spec).items()
    ]


def posted_groups(spec: EntitySpec, form: Mapping[str, str]) -> Posted:
    """Return what the form says: each group's rule and its trust as it was typed."""
    found = {}
    for group in spec.groups():
        order = form.get(f"strategies:{group}", "")
        strategies = tuple(filter(None, (each.strip() for each in order.split(","))))
        cell = SurvivorshipCell(strategies, form.get(f"whole:{group}") == "on")
        found[group] = (cell, form.get(f"trust:{group}", ""))
    return found


def trust_in(typed: str) -> dict[str, tuple[float, float | None]]:
    """Return trust by system from "salesforce: 90 / 180 days, psa: 40". Raises Invalid."""
    found: dict[str, tuple[float, float | None]] = {}
    for part in filter(None, (each.strip() for each in typed.split(","))):
        name, _, rest = part.partition(":")
        points, _, half_life = rest.partition("/")
        days = half_life.replace("days", "").strip()
        try:
            found[name.strip()] = (float(points), float(days) if days else None)
        except ValueError:
            raise Invalid(
                f"{part!r}: write a system or role, its points and maybe a half life: 'salesforce: 90 / 180 days'."
            ) from None
    return found


@screen("survivorship/", name="survivorship")
class SurvivorshipView(ActingView):
    """One entity of one version; drafts are edited in place and activated by a second person."""

    title = "Survivorship"
    template_name = "console/rules/survivorship.html"
    acts: ClassVar = dict.fromkeys(("draft", "save", "activate", "apply", "simulate"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        versions = list(SurvivorshipPolicy.objects.order_by("-version")[:100])
        shown = chosen_version(versions, query)
        active = next((row for row in versions if row.is_active), None)
        spec = entity(query["entity"]) if query.get("entity") in entities else next(iter(entities.values()))
        cells = cells_of(shown, spec.name)
        rows = rows_of(spec, cells, cells if shown == active else cells_of(active, spec.name))
        if posted := kwargs.get("posted"):
            rows = [replace(row, cell=posted[row.group][0], typed=posted[row.group][1]) for row in rows]
        return super().get_context_data(
            **kwargs,
            versions=versions,
            shown=shown,
            spec=spec,
            specs=list(entities.values()),
            rows=rows,
            changes=[] if shown == active or active is None else survivorship_changes(active, shown),
            strategies=STRATEGY_TITLES,
            known=",".join(STRATEGY_TITLES),
            editable=shown.status == "draft" and user_may(self.request, Capability.EDIT_RULES),
            may_draft=user_may(self.request, Capability.EDIT_RULES),
            may_simulate=True,
            recomputation=under_way(),
        )

    def _page(self, version: int, entity_name: str) -> str:
        return f"{reverse('admin:survivorship')}?version={version}&entity={entity_name}"

    def act_draft(self, request: HttpRequest) -> str:
        draft = draft_survivorship(
            note=request.POST.get("note", "").strip()[:300],
            now=utcnow(),
            base_id=number_of(request.POST.get("row", "")),
        )
        messages.success(
            request, f"Draft v{draft.version} can be edited now; it decides nothing until it is activated."
        )
        return self._page(draft.version, request.GET.get("entity", ""))

    def act_save(self, request: HttpRequest) -> HttpResponse | None:
        spec, row = entity(request.POST.get("entity", "")), number_of(request.POST.get("row", ""))
        posted = posted_groups(spec, request.POST)
        try:
            cells = {group: replace(cell, trust=trust_in(typed)) for group, (cell, typed) in posted.items()}
            changed = write_survivorship_draft(policy_id=row, entity_name=spec.name, cells=cells)
        except Invalid as fault:
            messages.error(request, f"Nothing was saved. {fault.detail}")
            return self.show(posted=posted)
        messages.success(
            request, f"Saved: {changed} group{'' if changed == 1 else 's'} of {spec.label} changed."
        )
        return None

    def act_simulate(self, request: HttpRequest) -> str | None:
        return simulate(request, survivorship=number_of(request.POST.get("row", "")))

    def act_activate(self, request: HttpRequest) -> str:
        policy, run = apply_survivorship(policy_id=number_of(request.POST.get("row", "")), now=utcnow())
        messages.success(request, f"Survivorship v{policy.version} is active. {told_of(run)}")
        return self._page(policy.version, request.GET.get("entity", ""))

    def act_apply(self, request: HttpRequest) -> None:
        """Have the golden records of the shown entity computed again."""
        name = request.GET.get("entity", "")
        spec = entity(name) if name in entities else next(iter(entities.values()))
        messages.success(request, told_of(recompute(spec)))
