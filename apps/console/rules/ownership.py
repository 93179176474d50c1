"""The ownership matrix as a grid: attribute groups by lifecycle state, owners best first."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.permissions import user_may
from apps.console.rules.groups import titles_by_group
from apps.console.rules.versions import chosen_version, number_of
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.services import (
    ANY,
    OwnershipCell,
    Verdict,
    activate_ownership,
    draft_ownership,
    known_owners,
    write_ownership_draft,
)
from apps.sources.services import mark_entity_pending

Rules = dict[tuple[str, str], OwnershipCell]


@dataclass(frozen=True, slots=True)
class GridCell:
    """One cell: its own owners, or () where the rule for any state holds; `changed` against the active version."""

    group: str
    state: str
    owners: tuple[str, ...]
    others: str
    changed: bool

    @property
    def order(self) -> str:
        return ",".join(self.owners)


def rules_of(matrix: OwnershipMatrix | None, entity_name: str) -> Rules:
    if matrix is None:
        return {}
    rows = OwnershipRule.objects.filter(matrix=matrix, entity=entity_name)
    return {(row.group, row.state): OwnershipCell(tuple(row.owners), row.others) for row in rows}


def grid_of(
    spec: EntitySpec, rules: Rules, active: Rules
) -> list[tuple[str, tuple[str, ...], list[GridCell]]]:
    """Return (group, its attributes, cells by state: any first) in the spec's order."""
    rows = []
    for group, titles in titles_by_group(spec).items():
        cells = []
        for state in (ANY, *spec.lifecycle.states):
            cell = rules.get((group, state), OwnershipCell(()))
            cells.append(
                GridCell(
                    group,
                    state,
                    cell.owners,
                    cell.others,
                    cell != active.get((group, state), OwnershipCell(())),
                )
            )
        rows.append((group, titles, cells))
    return rows


@screen("ownership/", name="ownership")
class OwnershipView(ActingView):
    """One entity of one version; drafts are edited in place, activated, and rolled back by activating an older one."""

    title = "Ownership"
    template_name = "console/rules/ownership.html"
    acts: ClassVar = dict.fromkeys(("draft", "save", "activate", "apply"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        versions = list(OwnershipMatrix.objects.order_by("-version")[:100])
        shown = chosen_version(versions, query)
        active = next((row for row in versions if row.is_active), None)
        spec = entity(query["entity"]) if query.get("entity") in entities else next(iter(entities.values()))
        rules = rules_of(shown, spec.name)
        return super().get_context_data(
            **kwargs,
            versions=versions,
            shown=shown,
            spec=spec,
            specs=list(entities.values()),
            states=[ANY, *spec.lifecycle.states],
            grid=grid_of(spec, rules, rules if shown == active else rules_of(active, spec.name)),
            editable=shown.status == "draft" and user_may(self.request, Capability.EDIT_RULES),
            owners=",".join(known_owners()),
            verdicts=list(Verdict),
            may_draft=user_may(self.request, Capability.EDIT_RULES),
        )

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

    def act_save(self, request: HttpRequest) -> None:
        spec = entity(request.POST.get("entity", ""))
        cells = {}
        for group in spec.groups():
            for state in (ANY, *spec.lifecycle.states):
                order = request.POST.get(f"owners:{group}:{state}", "")
                owners = tuple(filter(None, (each.strip() for each in order.split(","))))
                others = request.POST.get(f"others:{group}:{state}", Verdict.ACCEPT)
                cells[group, state] = OwnershipCell(owners, others)
        row = number_of(request.POST.get("row", ""))
        changed = write_ownership_draft(matrix_id=row, entity_name=spec.name, cells=cells)
        messages.success(
            request, f"Saved: {changed} cell{'' if changed == 1 else 's'} of {spec.label} changed."
        )

    def act_activate(self, request: HttpRequest) -> str:
        matrix = activate_ownership(matrix_id=number_of(request.POST.get("row", "")), now=utcnow())
        messages.success(
            request,
            f"Ownership v{matrix.version} is active: it decides from the next change of each record on.",
        )
        return self._page(matrix.version, request.GET.get("entity", ""))

    def act_apply(self, request: HttpRequest) -> None:
        """Have the golden records of the shown entity computed again."""
        name = request.GET.get("entity", "")
        spec = entity(name) if name in entities else next(iter(entities.values()))
        count = mark_entity_pending(entity=spec.name, now=utcnow())
        messages.success(
            request, f"{count:,} source records wait for the pipeline; it takes them within seconds."
        )
