"""Which value survives: pin, then owner, then the newest, then the fullest record, then a stable tie-break.

The order in which records arrived plays no part, so that a rebuild gives the same document.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.golden.spec import Collection, Document, EntitySpec
from apps.mastering.engine.ownership import NOT_OWNED, OwnedGroup, Ownership, Verdict

COMPUTED = "computed"
"""`Attribute.derived` of what `EntitySpec.derive` works out from the rest of the document."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A member source record as survivorship sees it; `values` are standardized, references are golden ids."""

    id: str
    system: str
    role: str
    key: str
    recency: float  # seconds since the epoch by the system's own account, 0 where it gives none
    values: Document

    @property
    def completeness(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class PinnedValue:
    """A steward's value for one attribute; it outranks every rule."""

    value: Any
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survivors:
    """The golden document and, per attribute or "collection:identity", where its value comes from."""

    document: Document
    provenance: dict[str, dict[str, Any]]


def survive(
    spec: EntitySpec,
    contenders: Sequence[Contender],
    ownership: Ownership,
    pins: Mapping[str, PinnedValue],
) -> Survivors:
    """Compute the golden document of one cluster."""
    status, origin = _status(spec, contenders, ownership, pins)
    document: Document = {}
    provenance: dict[str, dict[str, Any]] = {}
    orders: dict[str, list[Contender]] = {}
    for attribute in spec.attributes:
        if attribute.name == "status":
            document["status"], provenance["status"] = status, origin
            continue
        if attribute.derived == COMPUTED:
            continue
        if attribute.name in pins:
            document[attribute.name], provenance[attribute.name] = _pinned(pins[attribute.name])
            continue
        group = attribute.group or attribute.name
        owned = ownership.of(spec.name, group, status)
        if group not in orders:
            orders[group] = _in_order(contenders, owned)
        winner = next((each for each in orders[group] if each.values.get(attribute.name) is not None), None)
        if winner is not None:
            document[attribute.name] = winner.values[attribute.name]
            provenance[attribute.name] = _origin(winner, owned)
    for collection in spec.collections:
        if collection.name in pins:
            items = _pinned_items(collection, pins[collection.name], provenance)
        else:
            owned = ownership.of(spec.name, collection.group or collection.name, status)
            items = _unite(collection, _in_order(contenders, owned), owned, provenance)
        if items:
            document[collection.name] = items
    return Survivors(document=spec.derive(document) if spec.derive else document, provenance=provenance)


def _status(
    spec: EntitySpec, contenders: Sequence[Contender], ownership: Ownership, pins: Mapping[str, PinnedValue]
) -> tuple[str, dict[str, Any]]:
    """Decide the lifecycle state first: the ownership of everything else may depend on it."""
    if "status" in pins:
        return _pinned(pins["status"])
    owned = ownership.of(spec.name, spec.group_of("status"), "")
    for each in _in_order(contenders, owned):
        if each.values.get("status") in spec.lifecycle.states:
            return each.values["status"], _origin(each, owned)
    return spec.lifecycle.initial, {"rule": "initial state: no system told one"}


def _in_order(contenders: Iterable[Contender], owned: OwnedGroup) -> list[Contender]:
    """Return who may win this group, the first in line first."""
    ranked = [(owned.rank(each.system, each.role), each) for each in contenders]
    admitted = [pair for pair in ranked if pair[0] != NOT_OWNED or owned.others is Verdict.ACCEPT]
    admitted.sort(
        key=lambda pair: (pair[0], -pair[1].recency, -pair[1].completeness, pair[1].system, pair[1].key)
    )
    return [each for _, each in admitted]


def _pinned(pin: PinnedValue) -> tuple[Any, dict[str, Any]]:
    return pin.value, {"rule": "pinned", "by": pin.by, "reason": pin.reason}


def _pinned_items(
    collection: Collection, pin: PinnedValue, provenance: dict[str, dict[str, Any]]
) -> list[Document]:
    """Return the items of a collection that a person gave: all of them, in place of what systems say."""
    for item in pin.value or ():
        _, provenance[f"{collection.name}:{collection.identity_of(item)}"] = _pinned(pin)
    return sorted(pin.value or (), key=collection.identity_of)


def _origin(winner: Contender, owned: OwnedGroup) -> dict[str, Any]:
    return {
        "system": winner.system,
        "key": winner.key,
        "source": winner.id,
        "rule": owned.label(winner.system, winner.role),
    }


def _unite(
    collection: Collection,
    in_order: Sequence[Contender],
    owned: OwnedGroup,
    provenance: dict[str, dict[str, Any]],
) -> list[Document]:
    """Unite items by identity; each survives whole, from the first in line that has it."""
    items: dict[str, Document] = {}
    for each in in_order:
        for item in each.values.get(collection.name) or ():
            identity = collection.identity_of(item)
            if identity not in items:
                items[identity] = item
                provenance[f"{collection.name}:{identity}"] = _origin(each, owned)
    return [items[identity] for identity in sorted(items)]
