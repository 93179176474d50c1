"""References of an entity to itself must not lead back to where they start: a parent is nobody's own child."""

from collections.abc import Mapping
from uuid import UUID

from apps.golden.documents import follow_reference
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import RefusedValue
from apps.mastering.engine.survivorship import Survivors

MAX_DEPTH = 100
"""Levels of a hierarchy that are looked at; nobody has more of them on purpose."""


def refuse_cycles(
    spec: EntitySpec, survivors: Mapping[UUID, Survivors], stored: Mapping[UUID, Document]
) -> list[RefusedValue]:
    """Take references out of the documents that would close a cycle; return what was taken out.

    The record that closes it loses its reference, the ones that were there before keep theirs. Needs one statement
    per level of the hierarchy above the batch.
    """
    refused = []
    for attribute in spec.references():
        if attribute.references == spec.name and not attribute.derived:
            refused += _refuse(spec, attribute.name, survivors, stored)
    return refused


def _refuse(
    spec: EntitySpec, name: str, survivors: Mapping[UUID, Survivors], stored: Mapping[UUID, Document]
) -> list[RefusedValue]:
    planned = {str(record): each.document.get(name) for record, each in survivors.items()}
    if not any(planned.values()):
        return []
    above = _ancestors(spec, name, planned)
    refused = []
    # Those that say something new first: computing all of them again must come to what is stored.
    newest = sorted(survivors, key=lambda record: stored.get(record, {}).get(name) == planned[str(record)])
    for record in newest:
        each = survivors[record]
        path = _path_back(str(record), planned | above)
        if path:
            planned[str(record)] = None
            value = each.document.pop(name)
            origin = each.provenance.pop(name, {})
            source = origin.get("source")
            refused.append(RefusedValue(record, name, value, UUID(source) if source else None, len(path)))
    return refused


def _ancestors(spec: EntitySpec, name: str, planned: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the stored references of everything above the planned records."""
    above: dict[str, str | None] = {}
    frontier = {parent for parent in planned.values() if parent and parent not in planned}
    for _ in range(MAX_DEPTH):
        if not frontier:
            break
        found = follow_reference(spec, name, frontier)
        above |= {record: found.get(record) for record in frontier}
        frontier = {parent for parent in found.values() if parent not in above and parent not in planned}
    return above


def _path_back(start: str, parents: Mapping[str, str | None]) -> list[str]:
    """Return the way from a record up to itself, empty when there is none."""
    path: list[str] = []
    here = parents.get(start)
    while here and here not in path and len(path) < MAX_DEPTH:
        path.append(here)
        if here == start:
            return path
        here = parents.get(here)
    return []
