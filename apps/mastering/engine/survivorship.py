"""Which value survives: a pin, then whoever the rule of the attribute group puts first.

Evaluation order, because ownership may depend on what it decides: first the lifecycle state, by rules for any state
and any legal entity; then the group that holds the legal entity, by rules for that state and any legal entity; then
everything else, by rules for both as they result. Items of a collection that names a legal entity are judged by
their own. What a member only repeats because the hub wrote it there wins nothing that somebody else speaks of. The
order in which records arrived plays no part, so that a rebuild gives the same document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from apps.golden.spec import Attribute, Collection, Document, EntitySpec
from apps.mastering.engine.ownership import ANY, OwnedGroup, Ownership, Standing
from apps.mastering.engine.strategies import Claim, Contender
from apps.mastering.engine.trust import Survivorship, in_order

COMPUTED = "computed"
"""`Attribute.derived` of what `EntitySpec.derive` works out from the rest of the document."""

INITIAL = "initial state: no system told one"
USUAL_RULES = Survivorship()


@dataclass(frozen=True, slots=True)
class PinnedValue:
    """A steward's value for one attribute, or for all items of a collection; it outranks every rule.

    `at`: seconds since the epoch, and `id` of the pin; one that is only tried comes after all others.
    """

    value: Any
    by: str
    reason: str
    at: float = inf
    id: str = ""


@dataclass(frozen=True, slots=True)
class Survivors:
    """The golden document and, per attribute or "collection:identity", where its value comes from."""

    document: Document
    provenance: dict[str, dict[str, Any]]


@dataclass(slots=True)
class Lines:
    """Who is in line for what, in one cluster; lines are worked out once per group, rule and set of attributes."""

    spec: EntitySpec
    contenders: Sequence[Contender]
    ownership: Ownership
    survivorship: Survivorship
    state: str = ""
    legal_entity: str = ANY
    _known: dict[Any, list[Claim]] = field(default_factory=dict)
    _faulty: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.told = frozenset(name for each in self.contenders for name in each.values)
        self._faulty = frozenset(name for each in self.contenders if each.faults for name in each.faults)

    def owned(self, group: str, legal_entity: str | None = None) -> OwnedGroup:
        """Return the ownership rule of a group where it is judged: by state and legal entity as far as known."""
        spec = self.spec
        if group == spec.status_group:
            return self.ownership.of(spec.name, group, "")
        if group == spec.legal_entity_group:
            return self.ownership.of(spec.name, group, self.state)
        return self.ownership.of(spec.name, group, self.state, legal_entity or self.legal_entity)

    def standings(self, contender: Contender) -> Mapping[str, Standing]:
        """Return, by attribute and collection, what a member's values are worth in this state and legal entity."""
        place = (self.spec.name, self.state, self.legal_entity, contender.system, contender.role)
        found = self.ownership.standings.get(place)
        if found is None:
            owned = {group: self.owned(group) for group in self.spec.groups()}
            found = self.ownership.standings[place] = {
                name: owned[self.spec.group_of(name)].standing(contender.system, contender.role)
                for name in self.spec.names
            }
        return found

    def of(self, group: str, names: tuple[str, ...], legal_entity: str | None = None) -> list[Claim]:
        """Return who may win these attributes of a group, the first in line first."""
        faulty = self._faulty.intersection(names) if self._faulty else None
        place = (group, faulty, legal_entity)
        line = self._known.get(place)
        if line is None:
            ranking, owned = self.survivorship.of(self.spec, group), self.owned(group, legal_entity)
            # Groups of one rule share their line where no trust is in play.
            shared: Any = place if faulty or ranking.trust else (id(owned), ranking.strategies)
            line = self._known.get(shared)
            if line is None:
                line = in_order(self.contenders, names, owned, ranking, self.survivorship.moment)
            self._known[shared] = self._known[place] = line
        return line

    def attribute(self, attribute: Attribute) -> Claim | None:
        """Return whose value of an attribute survives; in a group that survives whole, who gives all of it."""
        name, group = attribute.name, attribute.group or attribute.name
        whole = self.survivorship.of(self.spec, group).whole
        names = self.spec.attributes_of(group) if whole else (name,)
        if self.told.isdisjoint(names):
            return None
        line = self.of(group, names)
        states = self.spec.lifecycle.states if name == "status" else None
        repeating: Claim | None = None
        for claim in line:
            values = claim.contender.values
            if states is not None:
                if values.get(name) not in states:
                    continue
            elif all(values.get(each) is None for each in names):
                continue
            if not claim.contender.only_repeats(names):
                return claim
            repeating = repeating or claim
        return repeating

    def items(self, collection: Collection) -> dict[str, tuple[Document, Claim]]:
        """Return the surviving items by identity: each whole, from the first in line that has it."""
        group, column = collection.group or collection.name, collection.legal_entity
        found: dict[str, tuple[Document, Claim]] = {}
        if collection.name not in self.told:
            return found
        told = [each.values[collection.name] for each in self.contenders if each.values.get(collection.name)]
        if not told:
            return found
        entities = {str(item.get(column) or ANY) for items in told for item in items} if column else {None}
        for legal_entity in sorted(entities, key=str):
            repeated: dict[str, tuple[Document, Claim]] = {}
            for claim in self.of(group, (collection.name,), legal_entity):
                echoed = claim.contender.echoed
                for item in claim.contender.values.get(collection.name) or ():
                    if legal_entity is None or str(item.get(column) or ANY) == legal_entity:
                        identity = collection.identity_of(item)
                        into = repeated if echoed and f"{collection.name}:{identity}" in echoed else found
                        into.setdefault(identity, (item, claim))
            for identity, told_by in repeated.items():
                found.setdefault(identity, told_by)
        return found


def lines_of(
    spec: EntitySpec,
    contenders: Sequence[Contender],
    ownership: Ownership,
    pins: Mapping[str, PinnedValue],
    survivorship: Survivorship = USUAL_RULES,
) -> Lines:
    """Decide the state and the legal entity of a cluster, on which everything else depends."""
    lines = Lines(spec, contenders, ownership, survivorship)
    lines.state = _value(lines, "status", pins) or spec.lifecycle.initial
    if spec.legal_entity:
        lines.legal_entity = str(_value(lines, spec.legal_entity, pins) or ANY)
    return lines


def _value(lines: Lines, name: str, pins: Mapping[str, PinnedValue]) -> Any:
    if name in pins:
        return pins[name].value
    if len(lines.contenders) == 1:
        [only] = lines.contenders
        owned = lines.owned(lines.spec.group_of(name))
        said = only.values.get(name) if owned.standing(only.system, only.role).admitted else None
        return said if name != "status" or said in lines.spec.lifecycle.states else None
    claim = lines.attribute(lines.spec.attribute(name))
    return claim.contender.values.get(name) if claim else None


def survive(
    spec: EntitySpec,
    contenders: Sequence[Contender],
    ownership: Ownership,
    pins: Mapping[str, PinnedValue],
    survivorship: Survivorship = USUAL_RULES,
) -> Survivors:
    """Compute the golden document of one cluster."""
    return survivors_of(lines_of(spec, contenders, ownership, pins, survivorship), pins)


def survivors_of(lines: Lines, pins: Mapping[str, PinnedValue]) -> Survivors:
    """Compute the golden document of a cluster whose state and legal entity are known."""
    if len(lines.contenders) == 1 and not pins:
        return _of_one(lines, lines.contenders[0])
    spec = lines.spec
    document: Document = {}
    provenance: dict[str, dict[str, Any]] = {}
    for attribute in spec.attributes:
        name = attribute.name
        if attribute.derived == COMPUTED and name != "status":
            continue
        if name in pins:
            document[name], provenance[name] = _pinned(pins[name])
        elif (
            name in lines.told
            and (claim := lines.attribute(attribute))
            and claim.contender.values.get(name) is not None
        ):
            document[name], provenance[name] = claim.contender.values[name], origin_of(claim)
    if document.get("status") is None:
        document["status"] = lines.state
        provenance.setdefault("status", {"rule": INITIAL})
    for collection in spec.collections:
        if collection.name in pins:
            items = _pinned_items(collection, pins[collection.name], provenance)
        else:
            items = _united(collection, lines, provenance)
        if items:
            document[collection.name] = items
    return Survivors(document=spec.derive(document) if spec.derive else document, provenance=provenance)


def _of_one(lines: Lines, only: Contender) -> Survivors:
    """Compute the golden document of a single member that nobody pinned: its admitted values, as they are."""
    spec, standings, values = lines.spec, lines.standings(only), only.values
    document: Document = {}
    provenance: dict[str, dict[str, Any]] = {}
    origins: dict[str, dict[str, Any]] = {}
    for attribute in spec.attributes:
        name = attribute.name
        value = values.get(name)
        if value is None or (attribute.derived == COMPUTED and name != "status"):
            continue
        standing = standings[name]
        if standing.admitted and (name != "status" or value in spec.lifecycle.states):
            origin = origins.get(standing.why) or origins.setdefault(
                standing.why, _origin(only, standing.why)
            )
            document[name], provenance[name] = value, origin
    if document.get("status") is None:
        document["status"] = lines.state
        provenance["status"] = {"rule": INITIAL}
    for collection in spec.collections:
        if values.get(collection.name) and (items := _united(collection, lines, provenance)):
            document[collection.name] = items
    return Survivors(document=spec.derive(document) if spec.derive else document, provenance=provenance)


def _united(collection: Collection, lines: Lines, provenance: dict[str, dict[str, Any]]) -> list[Document]:
    found = lines.items(collection)
    for identity, (_, claim) in found.items():
        provenance[f"{collection.name}:{identity}"] = origin_of(claim)
    return [found[identity][0] for identity in sorted(found)]


def _pinned(pin: PinnedValue) -> tuple[Any, dict[str, Any]]:
    return pin.value, {"rule": "pinned", "by": pin.by, "reason": pin.reason}


def _pinned_items(
    collection: Collection, pin: PinnedValue, provenance: dict[str, dict[str, Any]]
) -> list[Document]:
    """Return the items of a collection that a person gave: all of them, in place of what systems say."""
    for item in pin.value or ():
        _, provenance[f"{collection.name}:{collection.identity_of(item)}"] = _pinned(pin)
    return sorted(pin.value or (), key=collection.identity_of)


def origin_of(claim: Claim) -> dict[str, Any]:
    """Return where a value comes from as provenance tells it."""
    return _origin(claim.contender, claim.standing.why)


def _origin(winner: Contender, why: str) -> dict[str, Any]:
    return {"system": winner.system, "key": winner.key, "source": winner.id, "rule": why}
