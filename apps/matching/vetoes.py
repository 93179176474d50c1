"""Values that must not differ inside one golden record: two tax numbers of one country are two taxpayers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from uuid import UUID

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.golden.spec import Document, EntitySpec
from apps.matching.engine import Band, Pairs, Scores

MAX_GROUP = 200
"""Records of one similarity group that are looked at in full; the engine takes larger ones apart by itself."""


def vetoed_pairs(
    spec: EntitySpec, ids: Sequence[UUID], documents: Mapping[UUID, Document], pairs: Pairs, scores: Scores
) -> Iterator[tuple[UUID, UUID]]:
    """Yield records that similarity connects, directly or through others, and whose `vetoes` values differ."""
    if not spec.match.vetoes or not len(pairs):
        return
    alike = scores.band == Band.MATCH
    edges = (pairs.left[alike], pairs.right[alike])
    graph = coo_array(([True] * len(edges[0]), edges), shape=(len(ids), len(ids)))
    count, labels = connected_components(graph, directed=False)
    if count == len(ids):
        return
    groups: dict[int, list[UUID]] = {}
    for record, label in zip(ids, labels.tolist(), strict=True):
        groups.setdefault(label, []).append(record)
    for group in groups.values():
        if 1 < len(group) <= MAX_GROUP:
            told = {record: _told(spec, documents.get(record, {})) for record in group}
            for one, other in combinations(group, 2):
                if _differ(told[one], told[other]):
                    yield one, other


def _told(spec: EntitySpec, document: Document) -> dict[str, str]:
    """Return the values that must agree, by what they are the value of (a country's tax number)."""
    found = {}
    for name in spec.match.vetoes:
        collection = spec.collection(name)
        for item in document.get(name) or ():
            found[f"{name}:{collection.identity_of(item)}"] = repr(sorted(item.items()))
    return found


def _differ(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return any(other.get(name, value) != value for name, value in one.items())


def differing(spec: EntitySpec, one: Document, other: Document) -> Iterator[tuple[str, str, str]]:
    """Yield what vetoes two records: (collection and what it is the value of, one's items, the other's)."""
    left, right = _told(spec, one), _told(spec, other)
    for name in sorted(left.keys() & right.keys()):
        if left[name] != right[name]:
            yield name, _values_of(spec, one, name), _values_of(spec, other, name)


def _values_of(spec: EntitySpec, document: Document, name: str) -> str:
    collection, _, identity = name.partition(":")
    declared = spec.collection(collection)
    return ", ".join(
        " ".join(str(value) for value in item.values() if value is not None)
        for item in document.get(collection) or ()
        if declared.identity_of(item) == identity
    )
