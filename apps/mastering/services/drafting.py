"""Write the cells of a draft ownership matrix; versions that are or were active never change."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from apps.core.errors import Conflict, Invalid
from apps.golden.registry import entity
from apps.mastering.engine.ownership import ANY, Verdict
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.sources.models import SourceSystem, SystemRole

STEWARD = "steward"
"""An owner that is no system: values that people give."""


@dataclass(frozen=True, slots=True)
class OwnershipCell:
    """Owners best first, each a system's code, a role or `STEWARD`; `others` is a Verdict."""

    owners: tuple[str, ...]
    others: str = Verdict.ACCEPT


class UnknownOwner(Invalid):
    code = "unknown_owner"
    title = "An owner is neither a source system nor a role"


class NotADraft(Conflict):
    code = "not_a_draft"
    title = "Only a draft can be edited; make a new draft of this version"


def known_owners() -> tuple[str, ...]:
    """Return what may be named as an owner: roles first, then systems by code."""
    codes = SourceSystem.objects.order_by("code").values_list("code", flat=True)
    return (STEWARD, *SystemRole.values, *codes)


@transaction.atomic
def write_ownership_draft(
    *, matrix_id: int, entity_name: str, cells: Mapping[tuple[str, str], OwnershipCell]
) -> int:
    """Make `cells`, by (group, state), the whole of what a draft says of one entity; return how many changed.

    A cell without owners is left out: there the rule for any state holds. Raises NotADraft, UnknownOwner, Invalid.
    """
    matrix = OwnershipMatrix.objects.select_for_update().get(pk=matrix_id)
    if matrix.status != "draft":
        raise NotADraft(f"Ownership v{matrix.version} is {matrix.status}; make a draft of it and edit that.")
    wanted = {place: cell for place, cell in cells.items() if cell.owners}
    _check(entity_name, wanted)
    changed = 0
    for rule in OwnershipRule.objects.filter(matrix=matrix, entity=entity_name):
        cell = wanted.pop((rule.group, rule.state), None)
        if cell is None:
            rule.delete()
        elif (tuple(rule.owners), rule.others) != (cell.owners, cell.others):
            rule.owners, rule.others = list(cell.owners), cell.others
            rule.save(update_fields=["owners", "others"])
        else:
            continue
        changed += 1
    for (group, state), cell in wanted.items():
        OwnershipRule.objects.create(
            matrix=matrix,
            entity=entity_name,
            group=group,
            state=state,
            owners=list(cell.owners),
            others=cell.others,
        )
    return changed + len(wanted)


def _check(entity_name: str, cells: Mapping[tuple[str, str], OwnershipCell]) -> None:
    spec, known = entity(entity_name), set(known_owners())
    groups, states = set(spec.groups()), {ANY, *spec.lifecycle.states}
    for (group, state), cell in cells.items():
        if group not in groups or state not in states or cell.others not in set(Verdict):
            raise Invalid(
                f"{entity_name} has no cell {group!r} in state {state!r} with others {cell.others!r}."
            )
        strangers = [owner for owner in cell.owners if owner not in known]
        if strangers:
            names, all_known = ", ".join(strangers), ", ".join(sorted(known))
            raise UnknownOwner(f"{group}, {state}: {names} is not known. Known: {all_known}.")
        if len(set(cell.owners)) != len(cell.owners):
            raise Invalid(f"{group}, {state}: an owner stands twice.")
