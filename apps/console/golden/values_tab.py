"""The values of a golden record by attribute group, each with where it comes from and what other systems say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.console.golden.members import MemberRecord
from apps.console.masking import Sight
from apps.console.values import Names, Shown, parts_of, show, show_any
from apps.golden.spec import Attribute, Collection, Document, EntitySpec
from apps.mastering.explaining import Candidate, Explanation, words_of
from apps.stewardship.contracts import Policy


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a golden value comes from, as its provenance tells."""

    system: str = ""
    key: str = ""
    rule: str = ""
    at: str = ""
    by: str = ""
    reason: str = ""

    @property
    def pinned(self) -> bool:
        return self.rule == "pinned"


@dataclass(frozen=True, slots=True)
class Other:
    """What a member says about the attribute, when it is not what survived: why it lost, and what would flip it."""

    system: str
    key: str
    shown: Shown
    verdict: str = ""
    lost: str = ""
    flip: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One attribute: its golden value, the origin of it, and the values that lost."""

    attribute: Attribute
    shown: Shown
    origin: Origin | None
    others: tuple[Other, ...] = ()
    agreeing: tuple[str, ...] = ()
    rule: str = ""  # ownership rule that holds here, with its version

    @property
    def editable(self) -> bool:
        return not self.attribute.derived


@dataclass(frozen=True, slots=True)
class ItemTable:
    """The items of a collection, each with its origin."""

    collection: Collection
    rows: list[tuple[tuple[Shown, ...], Origin | None, tuple[Other, ...]]]


@dataclass(slots=True)
class Group:
    """One attribute group: who owns it in this state, and whether its changes need an approver."""

    name: str
    owners: tuple[str, ...]
    needs_approval: bool
    rows: list[ValueRow] = field(default_factory=list)
    tables: list[ItemTable] = field(default_factory=list)

    @property
    def told(self) -> list[ValueRow]:
        """Return the attributes that have a value, or that some member tells something about."""
        return [row for row in self.rows if row.shown.text or row.others]

    @property
    def untold(self) -> list[str]:
        empty = [row.attribute.title for row in self.rows if not (row.shown.text or row.others)]
        return empty + [table.collection.title for table in self.tables if not table.rows]


def origin_of(entry: Mapping[str, Any] | None) -> Origin | None:
    if not entry:
        return None
    return Origin(**{name: str(entry.get(name) or "") for name in Origin.__slots__})


def value_groups(
    spec: EntitySpec,
    document: Document,
    members: Sequence[MemberRecord],
    names: Names,
    owners: Mapping[str, tuple[str, ...]],
    policy: Policy,
    sight: Sight,
    explained: Mapping[str, Explanation] | None = None,
) -> list[Group]:
    """Return the groups in the spec's order; `document` with its provenance as stored, `owners` by group."""
    told = explained or {}
    provenance: Mapping[str, Any] = document.get("provenance", {})
    state = str(document.get("status", ""))
    groups = {name: _group(spec, name, state, owners.get(name, ()), policy) for name in spec.groups()}
    for attribute in spec.attributes:
        groups[attribute.group or attribute.name].rows.append(
            _row(
                attribute,
                sight.value(attribute.name, document.get(attribute.name)),
                provenance,
                members,
                names,
                told.get(attribute.name),
            )
        )
    for collection in spec.collections:
        items = document.get(collection.name) or ()
        groups[collection.group or collection.name].tables.append(
            _table(collection, items, provenance, names, sight, told)
        )
    return list(groups.values())


def _group(spec: EntitySpec, name: str, state: str, owners: tuple[str, ...], policy: Policy) -> Group:
    states, _ = policy.rules.get((spec.name, name), (None, 0))
    held = states is not None and (not states or state in states)
    return Group(name, owners, held)


def _row(
    attribute: Attribute,
    value: Any,
    provenance: Mapping[str, Any],
    members: Sequence[MemberRecord],
    names: Names,
    explained: Explanation | None,
) -> ValueRow:
    candidates = {each.source: each for each in explained.candidates} if explained else {}
    origin = origin_of(provenance.get(attribute.name))
    shown = show(attribute, value, names)
    others, agreeing = [], []
    for member in members:
        said = show(attribute, member.values.get(attribute.name), names)
        if not said.text or member.deleted:
            continue
        if said.text != shown.text:
            others.append(_other(said, candidates.get(str(member.id)), member.system, member.key))
        elif origin and (member.system, member.key) != (origin.system, origin.key):
            agreeing.append(member.system)
    rule = f"{explained.rule} v{explained.ownership_version}" if explained else ""
    return ValueRow(attribute, shown, origin, tuple(others), tuple(dict.fromkeys(agreeing)), rule)


def _other(said: Shown, candidate: Candidate | None, system: str, key: str) -> Other:
    if candidate is None:
        return Other(system, key, said)
    return Other(
        system, key, said, candidate.verdict, candidate.lost, tuple(words_of(step) for step in candidate.flip)
    )


def _table(
    collection: Collection,
    items: Sequence[Any],
    provenance: Mapping[str, Any],
    names: Names,
    sight: Sight,
    explained: Mapping[str, Explanation],
) -> ItemTable:
    rows = []
    for item in items:
        path = f"{collection.name}:{collection.identity_of(item)}"
        origin = origin_of(provenance.get(path))
        others = _other_items(collection, item, explained.get(path), names, sight)
        cells = tuple(
            show(column, _masked(sight, collection.name, column.name, item.get(column.name)), names)
            for column in collection.columns
        )
        rows.append((cells, origin, others))
    return ItemTable(collection, rows)


def _other_items(
    collection: Collection, golden: Any, explained: Explanation | None, names: Names, sight: Sight
) -> tuple[Other, ...]:
    """Return what other members say of an item, column by column where it differs."""
    found = []
    for candidate in explained.candidates if explained else ():
        said = candidate.value or {}
        differing = [c for c in collection.columns if said.get(c.name) not in (None, golden.get(c.name))]
        if candidate.wins or not differing:
            continue
        seen = {c: _masked(sight, collection.name, c.name, said[c.name]) for c in differing}
        text = "; ".join(f"{c.title}: {show(c, value, names).text}" for c, value in seen.items())
        found.append(_other(Shown(text), candidate, candidate.system, candidate.key))
    return tuple(found)


def _masked(sight: Sight, collection: str, column: str, value: Any) -> Any:
    [item] = sight.value(collection, [{column: value}])
    return item[column]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One attribute across the members: golden text, then a (text, role) cell per member."""

    title: str
    group: str
    golden: str
    cells: tuple[tuple[str, str], ...]

    @property
    def differs(self) -> bool:
        return any(kind == "other" for _, kind in self.cells)


def matrix(
    spec: EntitySpec, document: Document, members: Sequence[MemberRecord], names: Names, sight: Sight
) -> list[MatrixRow]:
    """Return attribute × member; a cell's role is won, same, other or empty; rows without values are left out."""
    provenance: Mapping[str, Any] = document.get("provenance", {})
    rows = []
    for part in parts_of(spec):
        golden = show_any(spec, part.name, sight.value(part.name, document.get(part.name)), names)
        source = (provenance.get(part.name) or {}).get("source")
        cells = []
        for member in members:
            text = show_any(spec, part.name, member.values.get(part.name), names)
            won = text and source == str(member.id)
            cells.append((text, "" if not text else "won" if won else "same" if text == golden else "other"))
        if golden or any(text for text, _ in cells):
            rows.append(MatrixRow(part.title, part.group or part.name, golden, tuple(cells)))
    return rows
