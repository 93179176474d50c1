"""Values that must not differ inside one golden record: two tax numbers of one country are two taxpayers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice, product
from uuid import UUID

from apps.golden.spec import Document, EntitySpec

MOST_VETOES = 100_000
"""Pairs of one similarity group that are kept apart one by one; the engine takes giants apart by itself."""

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
    """Yield the pairs inside each group of records that resemble each other whose values must not be one's, ordered.

    The work is that of the records and of the pairs found: a giant that says one thing costs nothing.
    """
    for group in groups:
        if len(group) > 1:
            yield from islice(_conflicts(group, told), MOST_VETOES)


def _conflicts(group: Sequence[UUID], told: Mapping[UUID, Told]) -> Iterator[tuple[UUID, UUID]]:
    said: dict[str, dict[str, list[UUID]]] = {}
    for record in group:
        for name, value in told.get(record, {}).items():
            said.setdefault(name, {}).setdefault(value, []).append(record)
    for values in said.values():
        for some, others in combinations(values.values(), 2):
            for one, other in product(some, others):
                yield (one, other) if one < other else (other, one)


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
