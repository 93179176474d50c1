"""References of an entity to itself must not lead back to where they start: of each cycle the weakest is left out.

What is refused depends on the references alone, not on which came first: all records of a cycle are planned together,
and a refused reference is asked again whenever a record that stood in its way is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from math import inf
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import Attribute, Document, EntitySpec
from apps.mastering.contracts import Held, RefusedValue
from apps.mastering.engine.links import FIXED, PINNED, TOLD, Link, Rank, knots, refused_links
from apps.mastering.engine.places import ALWAYS, Days
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.survivorship import PinnedValue, Survivors
from apps.mastering.keeping import led_document
from apps.mastering.models import RefusedReference


def own_references(spec: EntitySpec) -> list[Attribute]:
    """Return the attributes by which records of an entity refer to others of it."""
    return [each for each in spec.references() if each.references == spec.name and not each.derived]


def refused_beside(spec: EntitySpec, ids: Iterable[UUID]) -> frozenset[UUID]:
    """Return whose stored refusals these records may end: where one plays a part, and those that follow from them."""
    found: set[UUID] = set()
    if not own_references(spec):
        return frozenset()
    asked = set(ids)
    frontier = set(asked)
    with raw_cursor() as cursor:  # asked for every record that comes: a tenth of what the ORM takes
        while frontier:
            cursor.execute(
                "SELECT record_id FROM mastering_refusedreference WHERE among && %s::uuid[]",
                (list(frontier),),
            )
            found |= {record for (record,) in cursor}
            frontier = found - asked
            asked |= frontier
    return frozenset(found)


def referring_documents(
    spec: EntitySpec,
    survivors: Mapping[UUID, Survivors],
    held: Held,
    merging: Mapping[UUID, UUID],
) -> dict[UUID, Document]:
    """Return by what documents the planned records refer to others: as told now, but for what is `held`."""
    documents = {record: each.document for record, each in survivors.items()}
    led = {str(loser): str(survivor) for loser, survivor in merging.items()}
    for record in held.keys() & documents.keys():
        stays = {name: value for name, value in held[record].items() if value}
        told = {name: value for name, value in documents[record].items() if name not in held[record]}
        documents[record] = led_document(spec, str(record), told | stays, led)
    return documents


def knots_of(
    spec: EntitySpec, documents: Mapping[UUID, Document], merging: Mapping[UUID, UUID]
) -> list[frozenset[UUID]]:
    """Return the sets of records that would lead to one another, by these documents and, for others, as stored or
    refused.

    `merging` names, by loser, who takes its place. One statement, none where no planned record refers to another.
    """
    led = {str(loser): str(survivor) for loser, survivor in merging.items()}
    edges = {
        (str(record), led.get(parent, parent))
        for record, document in documents.items()
        for parent in _targets(spec, document)
    }
    if not edges:
        return []
    planned = {*map(str, documents), *led}
    frontier = {parent for _, parent in edges} - planned
    if frontier:
        edges |= {
            (child, led.get(parent, parent))
            for child, parent in _stored_edges(spec, frontier)
            if child not in planned
        }
    return [frozenset(map(UUID, knot)) for knot in knots(edges)]


def _targets(spec: EntitySpec, document: Document) -> Iterator[str]:
    for attribute in own_references(spec):
        if value := document.get(attribute.name):
            yield value
    for collection, column in spec.item_references():
        if column.references == spec.name:
            yield from (
                item[column.name] for item in document.get(collection.name, ()) if item.get(column.name)
            )


def _stored_edges(spec: EntitySpec, frontier: Iterable[str]) -> list[tuple[str, str]]:
    """Return who refers to whom from these records on, step by step from their ids, whatever the statistics say."""
    typed = typed_model(spec)
    parts = [(typed._meta.db_table, "record_id", column_of(typed, a.name)) for a in own_references(spec)]
    for collection, column in spec.item_references():
        if column.references == spec.name:
            items = item_model(collection)
            parts.append((items._meta.db_table, "record_id", column_of(items, column.name)))
    parts.append((RefusedReference._meta.db_table, "record_id", "target_id"))
    steps = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {0} AS child, {1} AS parent FROM {2} WHERE {0} = f.node AND {1} IS NOT NULL").format(
            sql.Identifier(child), sql.Identifier(parent), sql.Identifier(table)
        )
        for table, child, parent in parts
    )
    statement = sql.SQL(
        "WITH RECURSIVE above (child, node) AS ("
        " SELECT NULL::uuid, unnest(%s::uuid[]) UNION"
        " SELECT e.child, e.parent FROM above f CROSS JOIN LATERAL ({} OFFSET 0) e)"
        " SELECT child::text, node::text FROM above WHERE child IS NOT NULL"
    ).format(steps)
    with raw_cursor() as cursor:
        cursor.execute(statement, (sorted(frontier),))
        return cursor.fetchall()


def refuse_own_places(spec: EntitySpec, survivors: Mapping[UUID, Survivors]) -> list[RefusedValue]:
    """Take dated places under the record itself out of the documents; return what was taken out."""
    trees = spec.trees
    if trees is None or not trees.collection:
        return []
    refused = []
    for record, each in survivors.items():
        own = (link for link in _links(spec, record, each.document, _unranked) if link.dated)
        for link in [link for link in own if link.parent == str(record)]:
            refused.append(_taken_out(each, link, 1, frozenset([record])))
    return refused


def _unranked(place: str) -> Rank:
    return FIXED, 0.0, "", "", place


def untie(
    spec: EntitySpec,
    knots: Iterable[frozenset[UUID]],
    survivors: Mapping[UUID, Survivors],
    documents: Mapping[UUID, Document],
    held: Held,
    contenders: Mapping[UUID, Sequence[Contender]],
    pinned: Mapping[UUID, Mapping[str, PinnedValue]],
) -> list[RefusedValue]:
    """Take references out of the survivors' documents until none leads back; return what was taken out.

    `documents` say how records refer to one another. One without survivors stands as it is stored, and what is `held`
    of the others stands too.
    """
    refused = []
    for knot in knots:
        links: list[Link] = []
        for record in sorted(knot):
            each = survivors.get(record)
            if each is None:
                links += _links(spec, record, documents.get(record, {}), _unranked)
            else:
                fixed = held.get(record, {}).keys()
                rank = _Ranks(each, contenders.get(record, ()), pinned.get(record, {}), fixed)
                links += _links(spec, record, documents[record], rank)
        for link, length in refused_links(links):
            each = survivors.get(UUID(link.child))
            if each is not None:
                refused.append(_taken_out(each, link, length, knot))
    return refused


class _Ranks:
    """Ranks what one record refers to, by the path of its provenance."""

    def __init__(
        self,
        survivors: Survivors,
        contenders: Sequence[Contender],
        pinned: Mapping[str, PinnedValue],
        fixed: Set[str],
    ) -> None:
        self.survivors, self.pinned, self.fixed = survivors, pinned, fixed
        self.contenders = {each.id: each for each in contenders}

    def __call__(self, place: str) -> Rank:
        name = place.partition(":")[0]
        if name in self.fixed:
            return _unranked(place)
        pin = self.pinned.get(name)
        if pin is not None:
            return PINNED, pin.at, pin.id, "", place
        source = self.survivors.provenance.get(place, {}).get("source", "")
        told = self.contenders.get(source)
        if told is None:
            return TOLD, inf, "", "", place
        return TOLD, told.recency or inf, told.system, told.key, place


def _links(spec: EntitySpec, record: UUID, document: Document, rank: Callable[[str], Rank]) -> Iterator[Link]:
    trees = spec.trees
    for attribute in own_references(spec):
        if parent := document.get(attribute.name):
            tree = attribute.name
            if trees and attribute.name == trees.attribute:
                tree = document.get(trees.kind_attribute) or trees.kinds[0]
            yield Link(str(record), parent, tree, rank(attribute.name), (attribute.name, ""))
    if trees and trees.collection:
        collection = spec.collection(trees.collection)
        for item in document.get(collection.name, ()):
            identity = collection.identity_of(item)
            yield Link(
                str(record),
                item.get("parent"),
                item["kind"],
                rank(f"{collection.name}:{identity}"),
                (collection.name, identity),
                days=days_of(item),
                dated=True,
            )


def _taken_out(each: Survivors, link: Link, length: int, knot: frozenset[UUID]) -> RefusedValue:
    name, identity = link.place
    if link.dated:
        each.document[name] = [item for item in each.document.get(name, ()) if not _is(item, link)]
    else:
        each.document.pop(name, None)
    origin = each.provenance.pop(f"{name}:{identity}" if link.dated else name, {})
    source = origin.get("source")
    return RefusedValue(
        UUID(link.child), name, str(link.parent), UUID(source) if source else None, length, knot
    )


def _is(item: Document, link: Link) -> bool:
    return item["kind"] == link.tree and days_of(item) == link.days


def days_of(item: Document) -> Days:
    """Return the first and the last day of a dated place."""
    first, last = item.get("valid_from"), item.get("valid_to")
    return (
        date.fromisoformat(first) if first else ALWAYS[0],
        date.fromisoformat(last) if last else ALWAYS[1],
    )
