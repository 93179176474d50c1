"""`EntitySpec`: how the engine treats one entity. The engine knows entities through this only."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

Document = dict[str, Any]
"""A record in canonical JSON form: attribute name to value, collection name to list of items."""

Required = Literal["never", "always", "active"]


class Kind(StrEnum):
    """What a value is; decides its column, its JSON form and how it is compared."""

    TEXT = "text"
    CHOICE = "choice"
    INTEGER = "integer"
    DECIMAL = "decimal"  # JSON string
    MONEY = "money"  # JSON string, two places, currency in the record's `currency`
    BOOLEAN = "boolean"
    DATE = "date"  # ISO 8601
    TIMESTAMP = "timestamp"  # RFC 3339, UTC
    REFERENCE = "reference"  # source side {"system", "key"}, golden side a golden id


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. `group` names the attribute group that ownership rules speak of."""

    name: str
    kind: Kind = Kind.TEXT
    group: str = ""
    standardizer: str = ""
    required: Required = "never"
    personal: bool = False
    choices: tuple[str, ...] = ()
    max_length: int = 240
    references: str = ""
    derived: str = ""  # "engagement.customer": follows a reference; "computed": by EntitySpec.derive
    codes: str = ""  # the list of reference data its values are taken from
    label: str = ""
    help: str = ""

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Collection:
    """A child table. Items of several sources are united by `identity`; each item survives whole."""

    name: str
    model: str
    columns: tuple[Attribute, ...]
    identity: tuple[str, ...]
    group: str = ""
    standardizer: str = ""
    required: Required = "never"
    required_kinds: tuple[
        str, ...
    ] = ()  # items whose first identity column must have these values before active
    label: str = ""
    legal_entity: str = ""  # column with the own legal entity whose ownership rules judge the item

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ")

    def column(self, name: str) -> Attribute:
        return next(column for column in self.columns if column.name == name)

    def identity_of(self, item: Mapping[str, Any]) -> str:
        """Return the text that tells two items of one record apart."""
        values = map(item.get, self.identity)
        return "|".join(["" if value is None else str(value) for value in values])


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """States in their usual order; `active` are those in which `required="active"` must be there."""

    states: tuple[str, ...]
    initial: str
    active: frozenset[str]
    transitions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def allows(self, before: str, after: str) -> bool:
        return before == after or not self.transitions or after in self.transitions.get(before, ())


@dataclass(frozen=True, slots=True)
class MatchFeature:
    """One column of the matching engine: where it comes from and what it means.

    `path` is an attribute ("legal_name") or a column of items ("addresses.city", "tax_ids.value").
    """

    name: str
    path: str
    type: str


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount to add up, per currency: of the records of `entity` whose `reference` names a record."""

    name: str
    entity: str
    reference: str  # "": the record itself
    amount: str
    currency: str = "currency"
    states: tuple[str, ...] = ()  # only records in these states; empty: in any
    negative: tuple[str, str] | None = None  # (attribute, value): such records take away (credit notes)


@dataclass(frozen=True, slots=True)
class MatchSpec:
    """How records of an entity find each other.

    fuzzy: the matching engine over `features`. key: equal values of one tuple of `keys` (suggestions
    by the features, if any). id: only the same source key, or equal `keys`.
    """

    strategy: Literal["fuzzy", "key", "id"]
    kind: str = "generic"  # organisation, person, generic: the engine's configuration
    features: tuple[MatchFeature, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    vetoes: tuple[str, ...] = ()  # collections whose items of one identity must not differ between records
    worth: tuple[
        Measure, ...
    ] = ()  # what hangs on the records: doubtful pairs with more of it are asked first


@dataclass(frozen=True, slots=True)
class Trees:
    """The trees in which records of an entity stand, one per kind; the first kind is the usual one.

    `attribute` is the parent as systems name it, undated, in the tree that `kind_attribute` names. Items of
    `collection` (columns kind, parent, valid_from, valid_to) outrank it in their tree within their days; one
    without a parent says that the record stands alone.
    """

    kinds: tuple[str, ...]
    attribute: str
    kind_attribute: str = ""
    collection: str = ""
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenVeto:
    """Records must not become one while both have open items in one scope under terms that differ.

    Open items are records of `entity` whose `reference` names the record and whose `amount` is not nil, in `states`;
    their `scope` is compared with the identity of the terms in `collection`, of which `column` must not differ.
    """

    entity: str
    reference: str
    scope: str
    amount: str
    states: tuple[str, ...]
    collection: str
    column: str


@dataclass(frozen=True, eq=False)
class EntitySpec:
    """Everything the engine needs to master one entity; two specs are equal only if they are the same one."""

    name: str
    model: str
    label: str
    plural: str
    code_prefix: str
    title_attribute: str
    attributes: tuple[Attribute, ...]
    lifecycle: Lifecycle
    match: MatchSpec
    collections: tuple[Collection, ...] = ()
    # Attribute group -> roles of systems, best first; "group@active" is for records in an active state.
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: tuple[str, ...] = ()  # groups whose attributes all come from one contributor by default
    legal_entity: str = ""  # attribute with the own legal entity whose ownership rules hold for the record
    approvals: tuple[str, ...] = ()  # groups whose change on an active record needs an approver by default
    lookups: tuple[str, ...] = ()  # attributes or "collection.column" paths REST may look a record up by
    checks: tuple[str, ...] = ()  # names of quality rules over the whole record
    filters: tuple[str, ...] = ()  # attributes lists can be filtered by
    derive: Callable[[Document], Document] | None = None  # computed attributes, pure
    trees: Trees | None = None
    open_vetoes: tuple[OpenVeto, ...] = ()  # what forbids a merge besides kinship and `match.vetoes`

    def __post_init__(self) -> None:
        names = [attribute.name for attribute in self.attributes] + [c.name for c in self.collections]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"{self.name}: {', '.join(sorted(twice))} declared twice")
        groups = set(self.groups())
        owned = {each.partition("@")[0] for each in self.owners}
        unknown = (owned | set(self.approvals) | set(self.whole)) - groups
        if unknown:
            raise ValueError(f"{self.name}: no attribute belongs to group {', '.join(sorted(unknown))}")

    def attribute(self, name: str) -> Attribute:
        return self._attributes[name]

    @cached_property
    def _attributes(self) -> dict[str, Attribute]:
        return {attribute.name: attribute for attribute in self.attributes}

    def collection(self, name: str) -> Collection:
        return next(collection for collection in self.collections if collection.name == name)

    def groups(self) -> tuple[str, ...]:
        """Return the attribute groups in order of first appearance."""
        parts: list[Attribute | Collection] = [*self.attributes, *self.collections]
        return tuple(dict.fromkeys(part.group or part.name for part in parts))

    def group_of(self, name: str) -> str:
        """Return the group of an attribute or a collection."""
        return self._groups[name]

    @cached_property
    def _groups(self) -> dict[str, str]:
        parts: list[Attribute | Collection] = [*self.attributes, *self.collections]
        return {part.name: part.group or part.name for part in parts}

    @property
    def names(self) -> KeysView[str]:
        """Return the names of all attributes and collections."""
        return self._groups.keys()

    @cached_property
    def item_legal_entities(self) -> dict[str, str]:
        """Return, by collection, the column with the own legal entity, where items have one."""
        return {each.name: each.legal_entity for each in self.collections if each.legal_entity}

    @cached_property
    def status_group(self) -> str:
        """Return the group whose owner decides the lifecycle state; "" where there is none."""
        return self._groups.get("status", "")

    @cached_property
    def legal_entity_group(self) -> str:
        """Return the group that holds the own legal entity; "" where records have none."""
        return self._groups[self.legal_entity] if self.legal_entity else ""

    def attributes_of(self, group: str) -> tuple[str, ...]:
        """Return the attributes of a group, collections left out."""
        return self._by_group.get(group, ())

    @cached_property
    def _by_group(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for attribute in self.attributes:
            group = attribute.group or attribute.name
            found[group] = (*found.get(group, ()), attribute.name)
        return found

    def references(self) -> Iterator[Attribute]:
        return iter(self._references)

    @cached_property
    def _references(self) -> tuple[Attribute, ...]:
        return tuple(attribute for attribute in self.attributes if attribute.kind is Kind.REFERENCE)

    def item_references(self) -> Iterator[tuple[Collection, Attribute]]:
        return iter(self._item_references)

    @cached_property
    def _item_references(self) -> tuple[tuple[Collection, Attribute], ...]:
        return tuple(
            (collection, column)
            for collection in self.collections
            for column in collection.columns
            if column.kind is Kind.REFERENCE
        )
