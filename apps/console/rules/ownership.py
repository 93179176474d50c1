"""The ownership matrix as a grid: attribute groups by lifecycle state, owners best first, a layer at a time."""

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
from apps.console.rules.layers import layer_of, query_of, tabs_of
from apps.console.rules.ownership_changes import changes_between
from apps.console.rules.recomputations import recompute, told_of, under_way
from apps.console.rules.simulated import simulate
from apps.console.rules.versions import chosen_version, number_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.services import (
    ANY,
    EVERYWHERE,
    Layer,
    OwnershipCell,
    Verdict,
    draft_ownership,
    known_owners,
    write_ownership_draft,
)
from apps.pipeline.services import apply_ownership

Rules = dict[tuple[str, str], OwnershipCell]
NOTHING = OwnershipCell(())


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell: its own owners, or () where a less specific rule holds; `changed` against the active version."""

    group: str
    state: str
    cell: OwnershipCell
    changed: bool
    locked: str = ""  # why there can be no rule here
    typed: str | None = None  # exceptions that make no sense, as they were typed

    @property
    def owners(self) -> tuple[str, ...]:
        return self.cell.owners

    @property
    def others(self) -> str:
        return self.cell.others

    @property
    def order(self) -> str:
        return ",".join(self.cell.owners)

    @property
    def exceptions(self) -> str:
        """Return verdicts on single writers as they are typed: "certinia: shadow, steward: accept"."""
        if self.typed is not None:
            return self.typed
        return ", ".join(f"{writer}: {verdict}" for writer, verdict in sorted(self.cell.verdicts.items()))


Grid = list[tuple[str, tuple[str, ...], list[GridCell]]]
Posted = dict[tuple[str, str], tuple[OwnershipCell, str]]


def rules_of(matrix: OwnershipMatrix | None, entity_name: str, layer: Layer = EVERYWHERE) -> Rules:
    if matrix is None:
        return {}
    rows = OwnershipRule.objects.filter(
        matrix=matrix,
        entity=entity_name,
        legal_entity=layer.legal_entity,
        valid_from=layer.valid_from,
        valid_to=layer.valid_to,
    )
    return {
        (row.group, row.state): OwnershipCell(tuple(row.owners), row.others, row.verdicts) for row in rows
    }


def grid_of(spec: EntitySpec, rules: Rules, active: Rules, layer: Layer = EVERYWHERE) -> Grid:
    """Return (group, its attributes, cells by state: any first) in the spec's order."""
    rows = []
    for group, titles in titles_by_group(spec).items():
        cells = []
        for state in (ANY, *spec.lifecycle.states):
            cell = rules.get((group, state), NOTHING)
            changed = cell != active.get((group, state), NOTHING)
            cells.append(GridCell(group, state, cell, changed, _locked(spec, group, state, layer)))
        rows.append((group, titles, cells))
    return rows


def _locked(spec: EntitySpec, group: str, state: str, layer: Layer) -> str:
    if group == spec.status_group and (state != ANY or layer.legal_entity != ANY):
        return "decides the state itself"
    if group == spec.legal_entity_group and layer.legal_entity != ANY:
        return "decides the legal entity itself"
    return ""


@screen("ownership/", name="ownership")
class OwnershipView(ActingView):
    """One entity and layer of one version; drafts are edited in place, simulated, activated by a second person, and
    rolled back by activating an older one."""

    title = "Ownership"
    template_name = "console/rules/ownership.html"
    acts: ClassVar = dict.fromkeys(("draft", "save", "activate", "apply", "simulate"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        versions = list(OwnershipMatrix.objects.order_by("-version")[:100])
        shown = chosen_version(versions, query)
        active = next((row for row in versions if row.is_active), None)
        spec = entity(query["entity"]) if query.get("entity") in entities else next(iter(entities.values()))
        layer = self._layer()
        rules = rules_of(shown, spec.name, layer)
        grid = grid_of(spec, rules, rules if shown == active else rules_of(active, spec.name, layer), layer)
        if "posted" in kwargs:
            grid = with_typed(grid, kwargs["posted"])
        return super().get_context_data(
            **kwargs,
            versions=versions,
            shown=shown,
            spec=spec,
            specs=list(entities.values()),
            states=[ANY, *spec.lifecycle.states],
            layer=layer,
            layers=tabs_of(shown, spec.name, layer),
            grid=grid,
            changes=[] if shown == active or active is None else changes_between(active, shown),
            editable=shown.status == "draft" and user_may(self.request, Capability.EDIT_RULES),
            owners=",".join(known_owners()),
            verdicts=list(Verdict),
            may_draft=user_may(self.request, Capability.EDIT_RULES),
            may_simulate=True,
            recomputation=under_way(),
        )

    def _layer(self) -> Layer:
        try:
            return layer_of(self.request.GET)
        except Invalid as fault:
            messages.error(self.request, fault.detail)
            return EVERYWHERE

    def _page(self, version: int, entity_name: str) -> str:
        return f"{reverse('admin:ownership')}?version={version}&entity={entity_name}"

    def act_draft(self, request: HttpRequest) -> str:
        draft = draft_ownership(
            note=request.POST.get("note", "").strip()[:300],
            now=utcnow(),
            base_id=number_of(request.POST.get("row", "")),
        )
        messages.success(
            request, f"Draft v{draft.version} can be edited now; it decides nothing until it is activated."
        )
        return self._page(draft.version, request.GET.get("entity", ""))

    def act_save(self, request: HttpRequest) -> str | HttpResponse:
        spec, layer = entity(request.POST.get("entity", "")), layer_of(request.POST)
        row, posted = number_of(request.POST.get("row", "")), posted_cells(spec, request.POST)
        try:
            cells = {
                place: replace(cell, verdicts=exceptions_in(typed) if cell.owners else {})
                for place, (cell, typed) in posted.items()
            }
            changed = write_ownership_draft(matrix_id=row, entity_name=spec.name, cells=cells, layer=layer)
        except Invalid as fault:
            messages.error(request, f"Nothing was saved. {fault.detail}")
            return self.show(posted=posted)
        messages.success(
            request, f"Saved: {changed} cell{'' if changed == 1 else 's'} of {spec.label} changed."
        )
        draft = OwnershipMatrix.objects.get(pk=row)
        return f"{self._page(draft.version, spec.name)}&{query_of(layer)}"

    def act_simulate(self, request: HttpRequest) -> str | None:
        return simulate(request, ownership=number_of(request.POST.get("row", "")))

    def act_activate(self, request: HttpRequest) -> str:
        matrix, run = apply_ownership(matrix_id=number_of(request.POST.get("row", "")), now=utcnow())
        messages.success(request, f"Ownership v{matrix.version} is active. {told_of(run)}")
        return self._page(matrix.version, request.GET.get("entity", ""))

    def act_apply(self, request: HttpRequest) -> None:
        """Have the golden records of the shown entity computed again."""
        name = request.GET.get("entity", "")
        spec = entity(name) if name in entities else next(iter(entities.values()))
        messages.success(request, told_of(recompute(spec)))


def posted_cells(spec: EntitySpec, form: Mapping[str, str]) -> Posted:
    """Return what the grid's form says: each cell and the exceptions as they were typed."""
    found = {}
    for group in spec.groups():
        for state in (ANY, *spec.lifecycle.states):
            order = form.get(f"owners:{group}:{state}", "")
            owners = tuple(filter(None, (each.strip() for each in order.split(","))))
            others = form.get(f"others:{group}:{state}", Verdict.ACCEPT)
            found[group, state] = (OwnershipCell(owners, others), form.get(f"exceptions:{group}:{state}", ""))
    return found


def with_typed(grid: Grid, posted: Posted) -> Grid:
    """Return the grid with what a person typed and could not be saved."""
    return [
        (group, titles, [_typed(cell, *posted[cell.group, cell.state]) for cell in cells])
        for group, titles, cells in grid
    ]


def _typed(shown: GridCell, cell: OwnershipCell, exceptions: str) -> GridCell:
    return shown if shown.locked else replace(shown, cell=cell, typed=exceptions)


def exceptions_in(typed: str) -> dict[str, str]:
    """Return verdicts on single writers from "certinia: shadow, steward: accept". Raises Invalid."""
    found = {}
    for part in filter(None, (each.strip() for each in typed.split(","))):
        writer, colon, verdict = (each.strip() for each in part.partition(":"))
        if not colon or not writer or not verdict:
            raise Invalid(f"{part!r}: write a writer and a verdict, such as 'certinia: shadow'.")
        found[writer] = verdict
    return found
