"""Which golden records refer to others, by typed columns and items, and which follow an attribute of theirs."""

from collections.abc import Sequence
from uuid import UUID

from apps.golden.documents import records_referring, records_with_item_referring
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Change


def referrers_of(spec: EntitySpec, ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return, by entity, the golden records that refer to one of these."""
    found: dict[str, set[UUID]] = {}
    for other in entities.values():
        for attribute in other.references():
            if attribute.references == spec.name:
                found.setdefault(other.name, set()).update(records_referring(other, attribute.name, ids))
        for collection, column in other.item_references():
            if column.references == spec.name:
                found.setdefault(other.name, set()).update(
                    records_with_item_referring(collection, column.name, ids)
                )
    gone = set(ids)
    return {name: sorted(records - gone) for name, records in found.items() if records - gone}


def followers_of(spec: EntitySpec, written: Sequence[Change]) -> dict[str, list[UUID]]:
    """Return, by entity, the golden records whose derived attribute follows one that changed here."""
    found: dict[str, list[UUID]] = {}
    for other in entities.values():
        for attribute in other.attributes:
            reference, _, followed = attribute.derived.partition(".")
            if not followed or other.attribute(reference).references != spec.name:
                continue
            changed = [
                each.record_id for each in written if each.before.get(followed) != each.after.get(followed)
            ]
            if changed:
                found.setdefault(other.name, []).extend(records_referring(other, reference, changed))
    return found
