"""The values of a golden record by attribute group, each with where it comes from and what other systems say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.console.golden.members import MemberRecord
from apps.console.masking import Sight
from apps.console.values import Names, Shown, parts_of, show, show_any
from apps.golden.spec import Attribute, Collection, Document, EntitySpec
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
    """What a member says about the attribute, when it is not what survived."""

    system: str
    key: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One attribute: its golden value, the origin of it, and the values that lost."""

    attribute: Attribute
    shown: Shown
    origin: Origin | None
    others: tuple[Other, ...] = ()
    agreeing: tuple[str, ...] = ()

    @property
    def editable(self) -> bool:
        return not self.attribute.derived


@dataclass(frozen=True, slots=True)
class ItemTable:
    """The items of a collection, each with its origin."""

    collection: Collection
    rows: list[tuple[tuple[Shown, ...], Origin | None]]


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
) -> list[Group]:
    """Return the groups in the spec's order; `document` with its provenance as stored, `owners` by group."""
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
            )
        )
    for collection in spec.collections:
        items = document.get(collection.name) or ()
        groups[collection.group or collection.name].tables.append(
            _table(collection, items, provenance, names, sight)
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
) -> ValueRow:
    origin = origin_of(provenance.get(attribute.name))
    shown = show(attribute, value, names)
    others, agreeing = [], []
    for member in members:
        said = show(attribute, member.values.get(attribute.name), names)
        if not said.text or member.deleted:
            continue
        if said.text != shown.text:
            others.append(Other(member.system, member.key, said))
        elif origin and (member.system, member.key) != (origin.system, origin.key):
            agreeing.append(member.system)
    return ValueRow(attribute, shown, origin, tuple(others), tuple(dict.fromkeys(agreeing)))


def _table(
    collection: Collection, items: Sequence[Any], provenance: Mapping[str, Any], names: Names, sight: Sight
) -> ItemTable:
    rows = []
    for item in items:
        origin = origin_of(provenance.get(f"{collection.name}:{collection.identity_of(item)}"))
        cells = tuple(
            show(column, _masked(sight, collection.name, column.name, item.get(column.name)), names)
            for column in collection.columns
        )
        rows.append((cells, origin))
    return ItemTable(collection, rows)


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
