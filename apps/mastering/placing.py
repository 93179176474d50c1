"""Dated places in trees: none under the record itself, none that closes a cycle on any day."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from apps.golden.spec import Collection, Document, EntitySpec, Trees
from apps.mastering.contracts import RefusedValue
from apps.mastering.engine.places import MAX_DEPTH, Days, Place, Segment, cycle_through, segments
from apps.mastering.engine.survivorship import Survivors
from apps.mastering.trees.contracts import When
from apps.mastering.trees.placing import Places


def refuse_places(spec: EntitySpec, survivors: Mapping[UUID, Survivors]) -> list[RefusedValue]:
    """Take items out of the documents that put a record under itself or close a cycle; return what was taken out.

    Records are looked at in the order of their ids: the later one loses its place. Needs two statements per level
    above the batch.
    """
    trees = spec.trees
    if trees is None or not trees.collection:
        return []
    refused = []
    for record, each in survivors.items():
        for item in list(each.document.get(trees.collection, ())):
            if item.get("parent") == str(record):
                refused.append(_taken_out(spec.collection(trees.collection), record, each, item, 1))
    for kind in trees.kinds:
        refused += _refuse_in(spec, trees, kind, survivors)
    return refused


def _refuse_in(
    spec: EntitySpec, trees: Trees, kind: str, survivors: Mapping[UUID, Survivors]
) -> list[RefusedValue]:
    planned = {str(record): _planned(trees, kind, str(record), e.document) for record, e in survivors.items()}
    if not any(planned.values()):
        return []
    above = {record: segments(places) for record, places in planned.items()}
    above |= _stored_above(spec, kind, above)
    refused = []
    for record, each in sorted(survivors.items()):
        while way := cycle_through(str(record), above):
            refused.append(_take_out(spec.collection(trees.collection), trees, kind, record, each, way))
            above[str(record)] = segments(_planned(trees, kind, str(record), each.document))
    return refused


def _take_out(
    collection: Collection,
    trees: Trees,
    kind: str,
    record: UUID,
    each: Survivors,
    way: Sequence[tuple[str, Days]],
) -> RefusedValue:
    """Take out the first step of a way that leads back: a dated place, or else the undated parent."""
    parent, (first, last) = way[1]
    for item in each.document.get(collection.name, ()):
        days = _days(item)
        if item["kind"] == kind and item.get("parent") == parent and days[0] <= last and days[1] >= first:
            return _taken_out(collection, record, each, item, len(way) - 1)
    value = each.document.pop(trees.attribute)
    source = each.provenance.pop(trees.attribute, {}).get("source")
    return RefusedValue(record, trees.attribute, value, UUID(source) if source else None, len(way) - 1)


def _planned(trees: Trees, kind: str, record: str, document: Document) -> list[Place]:
    told = document.get(trees.attribute)
    own_kind = document.get(trees.kind_attribute) or trees.kinds[0]
    places = [Place(record, told)] if told and own_kind == kind else []
    return places + [
        Place(
            record,
            item.get("parent"),
            _days(item),
            dated=True,
        )
        for item in document.get(trees.collection, ())
        if item["kind"] == kind
    ]


def _stored_above(
    spec: EntitySpec, kind: str, planned: Mapping[str, list[Segment]]
) -> dict[str, list[Segment]]:
    """Return the stored segments of everything above the planned records."""
    places = Places(spec, kind, When(date.max))
    above: dict[str, list[Segment]] = {}
    frontier = {up for own in planned.values() for up, _ in own if up} - set(planned)
    for _ in range(MAX_DEPTH):
        if not frontier:
            break
        found = places.of(frontier)
        above |= {record: segments(found.get(record, ())) for record in frontier}
        frontier = {up for record in frontier for up, _ in above[record] if up} - set(above) - set(planned)
    return above


def _taken_out(
    collection: Collection, record: UUID, survivors: Survivors, item: Document, length: int
) -> RefusedValue:
    survivors.document[collection.name] = [
        each for each in survivors.document[collection.name] if each is not item
    ]
    origin = survivors.provenance.pop(f"{collection.name}:{collection.identity_of(item)}", {})
    source = origin.get("source")
    return RefusedValue(record, collection.name, item["parent"], UUID(source) if source else None, length)


def _days(item: Document) -> Days:
    first, last = item.get("valid_from"), item.get("valid_to")
    return (
        date.fromisoformat(first) if first else date.min,
        date.fromisoformat(last) if last else date.max,
    )
