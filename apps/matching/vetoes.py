"""Values that must not differ inside one golden record: two tax numbers of one country are two taxpayers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from uuid import UUID

from apps.golden.spec import Document, EntitySpec

MAX_GROUP = 200
"""Records of one similarity group that are looked at in full; the engine takes larger ones apart by itself."""

Told = Mapping[str, str]


def told_by(spec: EntitySpec, document: Document) -> dict[str, str]:
    """Return the values that must agree, by what they are the value of (a country's tax number)."""
    found = {}
    for name in spec.match.vetoes:
        collection = spec.collection(name)
        for item in document.get(name) or ():
            found[f"{name}:{collection.identity_of(item)}"] = repr(sorted(item.items()))
    return found


def conflict(one: Told, other: Told) -> bool:
    """Tell whether two records say different things of the same."""
    return any(other.get(name, value) != value for name, value in one.items())


def vetoed_pairs(groups: Sequence[Sequence[UUID]], told: Mapping[UUID, Told]) -> Iterator[tuple[UUID, UUID]]:
    """Yield the pairs inside each group of records that resemble each other whose values must not be one's."""
    for group in groups:
        telling = [record for record in group if told.get(record)]
        if 1 < len(group) <= MAX_GROUP:
            for one, other in combinations(telling, 2):
                if conflict(told[one], told[other]):
                    yield one, other


def differing(spec: EntitySpec, one: Document, other: Document) -> Iterator[tuple[str, str, str]]:
    """Yield what vetoes two records: (collection and what it is the value of, one's items, the other's)."""
    left, right = told_by(spec, one), told_by(spec, other)
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
