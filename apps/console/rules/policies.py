"""Approval policies as a grid: which attribute groups wait for an approver, in which states, for how long."""

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
from apps.core.errors import Invalid
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.stewardship.models import ApprovalPolicy, ApprovalRule, Operation
from apps.stewardship.services import PolicyCell, activate_policy, draft_policy, write_policy_draft

DUE_HOURS = 24


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One attribute group; `states` empty with `held`: in every state."""

    group: str
    attributes: tuple[str, ...]
    held: bool
    states: frozenset[str]
    due_hours: int
    changed: bool


def cells_of(policy: ApprovalPolicy | None, entity_name: str) -> dict[str, PolicyCell]:
    if policy is None:
        return {}
    rows = ApprovalRule.objects.filter(policy=policy, entity=entity_name)
    return {row.group: PolicyCell(frozenset(row.states), row.due_hours) for row in rows}


def operations_of(spec: EntitySpec) -> dict[str, tuple[str, ...]]:
    """Return what people do to whole records, as further groups."""
    return {
        Operation.MERGE.value: (f"two or more {spec.plural} become one, by a person",),
        Operation.UNMERGE.value: (f"a merge of {spec.plural} is undone, or members are taken out",),
    }


def rows_of(spec: EntitySpec, cells: dict[str, PolicyCell], active: dict[str, PolicyCell]) -> list[PolicyRow]:
    rows = []
    for group, titles in (titles_by_group(spec) | operations_of(spec)).items():
        cell = cells.get(group)
        rows.append(
            PolicyRow(
                group=group,
                attributes=titles,
                held=cell is not None,
                states=cell.states if cell else frozenset(),
                due_hours=cell.due_hours if cell else DUE_HOURS,
                changed=cell != active.get(group),
            )
        )
    return rows


@screen("policies/", name="policies")
class PoliciesView(ActingView):
    title = "Approval policies"
    template_name = "console/rules/policies.html"
    acts: ClassVar = dict.fromkeys(("draft", "save", "activate"), Capability.EDIT_RULES)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        versions = list(ApprovalPolicy.objects.order_by("-version")[:100])
        shown = chosen_version(versions, query)
        active = next((row for row in versions if row.is_active), None)
        spec = entity(query["entity"]) if query.get("entity") in entities else next(iter(entities.values()))
        cells = cells_of(shown, spec.name)
        return super().get_context_data(
            **kwargs,
            versions=versions,
            shown=shown,
            spec=spec,
            specs=list(entities.values()),
            states=spec.lifecycle.states,
            rows=rows_of(spec, cells, cells if shown == active else cells_of(active, spec.name)),
            editable=shown.status == "draft" and user_may(self.request, Capability.EDIT_RULES),
            may_draft=user_may(self.request, Capability.EDIT_RULES),
        )

    def _page(self, version: int, entity_name: str) -> str:
        return f"{reverse('admin:policies')}?version={version}&entity={entity_name}"

    def act_draft(self, request: HttpRequest) -> str:
        draft = draft_policy(
            note=request.POST.get("note", "").strip()[:300],
            now=utcnow(),
            base_id=number_of(request.POST.get("row", "")),
        )
        messages.success(
            request, f"Draft v{draft.version} can be edited now; it decides nothing until it is activated."
        )
        return self._page(draft.version, request.GET.get("entity", ""))

    def act_save(self, request: HttpRequest) -> None:
        spec, post = entity(request.POST.get("entity", "")), request.POST
        cells = {}
        for group in (*spec.groups(), *Operation.values):
            if post.get(f"held:{group}"):
                hours = post.get(f"hours:{group}", "")
                if not hours.isdecimal():
                    raise Invalid(f"{group}: the due time is a whole number of hours.")
                cells[group] = PolicyCell(frozenset(post.getlist(f"states:{group}")), int(hours))
        changed = write_policy_draft(
            policy_id=number_of(post.get("row", "")), entity_name=spec.name, cells=cells
        )
        messages.success(
            request, f"Saved: {changed} group{'' if changed == 1 else 's'} of {spec.label} changed."
        )

    def act_activate(self, request: HttpRequest) -> str:
        policy = activate_policy(policy_id=number_of(request.POST.get("row", "")), now=utcnow())
        messages.success(
            request, f"Approval policy v{policy.version} is active for every change from now on."
        )
        return self._page(policy.version, request.GET.get("entity", ""))
