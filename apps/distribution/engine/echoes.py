"""Is what a target tells only what the hub wrote there? And does a field swing between two values?"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.golden.spec import Document, EntitySpec

Leaf = tuple[str, ...]
"""An attribute, or collection, identity of the item and column."""

SWINGS = 3
"""So many returns to the value before make a field one that swings."""


def leaves_of(spec: EntitySpec, document: Mapping[str, Any]) -> dict[Leaf, Any]:
    """Return every value of a document that says something, by its place."""
    leaves: dict[Leaf, Any] = {}
    names = {collection.name for collection in spec.collections}
    for name, value in document.items():
        if name not in names:
            if value is not None:
                leaves[(name,)] = value
            continue
        collection = spec.collection(name)
        for item in value or ():
            identity = collection.identity_of(item)
            leaves |= {(name, identity, column): told for column, told in item.items() if told is not None}
    return leaves


def changed_leaves(spec: EntitySpec, before: Document, after: Document) -> dict[Leaf, Any]:
    """Return what differs, by its place: the new value, None where there is none any more."""
    old, new = leaves_of(spec, before), leaves_of(spec, after)
    return {leaf: new.get(leaf) for leaf in old.keys() | new.keys() if old.get(leaf) != new.get(leaf)}


def is_echo(spec: EntitySpec, before: Document, after: Document, written: Document) -> bool:
    """Tell whether all that is new since `before` is what the hub wrote itself; nothing new is no echo.

    A value that is gone is an echo only where the hub wrote an empty one.
    """
    told = changed_leaves(spec, before, after)
    own = leaves_of(spec, written)
    emptied = {(name,) for name, value in written.items() if value is None}
    return bool(told) and all(
        leaf in emptied if value is None else leaf in own and own[leaf] == value
        for leaf, value in told.items()
    )


def repeated(
    spec: EntitySpec, before: Document, after: Document, written: Document, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a record only repeats, by attribute or "collection:identity" with the value it was told.

    That is what became what the hub wrote (an item: in all it says), and what was known to be an echo and stayed as
    it is. A value it had before the hub wrote the same is its own.
    """
    own, now = leaves_of(spec, written), leaves_of(spec, after)
    places: dict[str, list[Leaf]] = {}
    for leaf in now:
        places.setdefault(_place(leaf), []).append(leaf)
    told = {_place(leaf) for leaf in changed_leaves(spec, before, after)}
    values = {_place(leaf): _value_at(spec, after, leaf) for leaf in now}
    echoes = {}
    for place, leaves in places.items():
        taken = place in told and all(leaf in own and own[leaf] == now[leaf] for leaf in leaves)
        if taken or (place in known and known[place] == values[place]):
            echoes[place] = values[place]
    return echoes


def says_only(spec: EntitySpec, document: Document, places: Iterable[str]) -> bool:
    """Tell whether a record says nothing beside what stands at these places."""
    return {_place(leaf) for leaf in leaves_of(spec, document)} <= set(places)


def _place(leaf: Leaf) -> str:
    return leaf[0] if len(leaf) == 1 else f"{leaf[0]}:{leaf[1]}"


def _value_at(spec: EntitySpec, document: Document, leaf: Leaf) -> Any:
    if len(leaf) == 1:
        return document[leaf[0]]
    identity_of = spec.collection(leaf[0]).identity_of
    return next(item for item in document[leaf[0]] if identity_of(item) == leaf[1])


def swinging(spec: EntitySpec, states: Sequence[Document], told: Iterable[Leaf]) -> dict[Leaf, int]:
    """Return which of the told places came back to their present value SWINGS times or more, and how often.

    `states` are the landed values, oldest first; a value that stayed counts once.
    """
    flat = [leaves_of(spec, state) for state in states]
    found = {}
    for leaf in told:
        values: list[str] = []
        for state in flat:
            value = json.dumps(state.get(leaf), sort_keys=True, default=str)
            if not values or values[-1] != value:
                values.append(value)
        returns = sum(
            one == values[-1] and before == one for before, one in zip(values, values[2:], strict=False)
        )
        if returns >= SWINGS:
            found[leaf] = returns
    return found
