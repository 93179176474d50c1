"""Write the cells of a draft ownership matrix; versions that are or were active never change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from apps.core.errors import Invalid
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.engine.ownership import ANY, STEWARD, Verdict
from apps.mastering.models import OwnershipMatrix, OwnershipRule
from apps.mastering.services.versions import locked_draft
from apps.sources.models import SourceSystem, SystemRole


@dataclass(frozen=True, slots=True)
class OwnershipCell:
    """Owners best first, each a system's code, a role or `STEWARD`; `others` is a Verdict.

    `verdicts` names writers that are judged differently from the others.
    """

    owners: tuple[str, ...]
    others: str = Verdict.ACCEPT
    verdicts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Layer:
    """Where the cells of a grid hold: one own legal entity or any, in a period (both days included) or for ever."""

    legal_entity: str = ANY
    valid_from: date | None = None
    valid_to: date | None = None


EVERYWHERE = Layer()


class UnknownOwner(Invalid):
    code = "unknown_owner"
    title = "An owner is neither a source system nor a role"


def known_owners() -> tuple[str, ...]:
    """Return what may be named as an owner: roles first, then systems by code."""
    codes = SourceSystem.objects.order_by("code").values_list("code", flat=True)
    return (STEWARD, *SystemRole.values, *codes)


@transaction.atomic
def write_ownership_draft(
    *,
    matrix_id: int,
    entity_name: str,
    cells: Mapping[tuple[str, str], OwnershipCell],
    layer: Layer = EVERYWHERE,
) -> int:
    """Make `cells`, by (group, state), all a draft says of one entity in a layer; return how many changed.

    A cell without owners is left out: there a less specific rule holds. Raises NotADraft, UnknownOwner, Invalid.
    """
    matrix = locked_draft(OwnershipMatrix, matrix_id)
    wanted = {place: cell for place, cell in cells.items() if cell.owners}
    _check(entity(entity_name), wanted, layer)
    rows = OwnershipRule.objects.filter(
        matrix=matrix,
        entity=entity_name,
        legal_entity=layer.legal_entity,
        valid_from=layer.valid_from,
        valid_to=layer.valid_to,
    )
    _check_periods(matrix, entity_name, wanted, layer)
    changed = 0
    for rule in rows:
        cell = wanted.pop((rule.group, rule.state), None)
        if cell is None:
            rule.delete()
        elif (tuple(rule.owners), rule.others, rule.verdicts) != (
            cell.owners,
            cell.others,
            dict(cell.verdicts),
        ):
            rule.owners, rule.others, rule.verdicts = list(cell.owners), cell.others, dict(cell.verdicts)
            rule.save(update_fields=["owners", "others", "verdicts"])
        else:
            continue
        changed += 1
    for (group, state), cell in wanted.items():
        OwnershipRule.objects.create(
            matrix=matrix,
            entity=entity_name,
            group=group,
            state=state,
            legal_entity=layer.legal_entity,
            valid_from=layer.valid_from,
            valid_to=layer.valid_to,
            owners=list(cell.owners),
            others=cell.others,
            verdicts=dict(cell.verdicts),
        )
    return changed + len(wanted)


def _check(spec: EntitySpec, cells: Mapping[tuple[str, str], OwnershipCell], layer: Layer) -> None:
    known = set(known_owners())
    groups, states = set(spec.groups()), {ANY, *spec.lifecycle.states}
    if layer.valid_from and layer.valid_to and layer.valid_from > layer.valid_to:
        raise Invalid("The last day lies before the first one.")
    for (group, state), cell in cells.items():
        if group not in groups or state not in states or cell.others not in set(Verdict):
            raise Invalid(
                f"{spec.name} has no cell {group!r} in state {state!r} with others {cell.others!r}."
            )
        if group == spec.status_group and (state != ANY or layer.legal_entity != ANY):
            raise Invalid(
                f"{group} decides the state, which other rules depend on: it has one rule for any state."
            )
        if group == spec.legal_entity_group and layer.legal_entity != ANY:
            raise Invalid(f"{group} decides the legal entity: it has rules for any legal entity only.")
        strangers = [owner for owner in (*cell.owners, *cell.verdicts) if owner not in known]
        if strangers:
            names, all_known = ", ".join(strangers), ", ".join(sorted(known))
            raise UnknownOwner(f"{group}, {state}: {names} is not known. Known: {all_known}.")
        if len(set(cell.owners)) != len(cell.owners):
            raise Invalid(f"{group}, {state}: an owner stands twice.")
        if not set(cell.verdicts.values()) <= set(Verdict):
            raise Invalid(f"{group}, {state}: a verdict is one of {', '.join(Verdict)}.")
        if both := sorted(set(cell.owners) & set(cell.verdicts)):
            raise Invalid(
                f"{group}, {state}: {', '.join(both)} is an owner, and owners are accepted; name it once."
            )


def _check_periods(
    matrix: OwnershipMatrix, entity_name: str, cells: Mapping[tuple[str, str], OwnershipCell], layer: Layer
) -> None:
    """Refuse a layer one of whose cells would hold on the same day as one of another period."""
    if layer.valid_from is None and layer.valid_to is None:
        return
    first, last = layer.valid_from or date.min, layer.valid_to or date.max
    others = OwnershipRule.objects.filter(matrix=matrix, entity=entity_name, legal_entity=layer.legal_entity)
    for rule in others.exclude(valid_from__isnull=True, valid_to__isnull=True):
        if (rule.valid_from, rule.valid_to) == (layer.valid_from, layer.valid_to):
            continue
        begins, ends = rule.valid_from or date.min, rule.valid_to or date.max
        if (rule.group, rule.state) in cells and begins <= last and ends >= first:
            raise Invalid(f"{rule.group}: the period overlaps with another one; end that one first.")
