"""A spec made ready to standardize its records: each attribute with its function, bounds and context."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.golden.spec import Attribute, Collection, EntitySpec, Kind
from apps.quality.bounds import own_references, periods_of, range_of
from apps.quality.contracts import Near, Severity, Standardizer
from apps.quality.registry import RuleCheck, owned_columns, rules, standardizers

DEFAULTS: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.CHOICE: "enum",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "decimal",
    Kind.MONEY: "money",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp",
    Kind.REFERENCE: "reference",
}
"""The standardizer of an attribute whose spec names none."""

_LONG = frozenset({Kind.TEXT, Kind.CHOICE})


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute or column: how to standardize it, and what its value must keep to."""

    name: str
    standardize: Standardizer
    near: Near | None  # fixed context of enumerations; None: the record's
    longest: int | None
    bounds: tuple[Decimal | None, Decimal | None]
    is_bounded: bool
    is_owned: bool  # the standardizer of whole items has done it


@dataclass(frozen=True, slots=True)
class Items:
    """One collection: its columns, and the standardizer of whole items, if any."""

    collection: Collection
    columns: tuple[Column, ...]
    standardize: Standardizer | None
    periods: tuple[tuple[str, str], ...]
    is_placed: bool  # its items are addresses: they tell the country of the record


@dataclass(frozen=True, slots=True)
class Check:
    """One rule bound to a spec."""

    check: RuleCheck
    at_source: Severity | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """All that standardizing a record of one entity needs."""

    spec: EntitySpec
    columns: Mapping[str, Column]
    items: tuple[Items, ...]
    periods: tuple[tuple[str, str], ...]
    countries: tuple[str, ...]  # attributes that hold the country of the record
    own_references: tuple[str, ...]
    checks: tuple[Check, ...]


def standardizer_name(attribute: Attribute) -> str:
    """Return the name of the standardizer of an attribute: the spec's, else that of its kind."""
    return attribute.standardizer or DEFAULTS[attribute.kind]


def _column(attribute: Attribute, collection: Collection | None = None) -> Column:
    bounds = range_of(attribute, collection)
    owner = collection.standardizer if collection else ""
    return Column(
        name=attribute.name,
        standardize=standardizers.get(standardizer_name(attribute)),
        near=Near(choices=attribute.choices) if attribute.choices else None,
        longest=attribute.max_length if attribute.kind in _LONG else None,
        bounds=bounds,
        is_bounded=bounds != (None, None),
        is_owned=owner in owned_columns and attribute.name in owned_columns.get(owner),
    )


def _items(collection: Collection) -> Items:
    names = {column.name for column in collection.columns}
    return Items(
        collection=collection,
        columns=tuple(_column(column, collection) for column in collection.columns),
        standardize=standardizers.get(collection.standardizer) if collection.standardizer else None,
        periods=periods_of(collection.columns),
        is_placed={"country", "city"} <= names,
    )


def _checks(spec: EntitySpec) -> tuple[Check, ...]:
    bound = []
    for rule in rules.values():
        if (rule.always or rule.name in spec.checks) and (check := rule.bind(spec)):
            bound.append(Check(check, rule.at_source))
    return tuple(bound)


_compiled: dict[int, Compiled] = {}


def compiled(spec: EntitySpec) -> Compiled:
    """Return the compiled form of a spec, made once per spec."""
    found = _compiled.get(id(spec))
    if found is None or found.spec is not spec:
        found = Compiled(
            spec=spec,
            columns={attribute.name: _column(attribute) for attribute in spec.attributes},
            # Addresses first: what follows may need the country they tell.
            items=tuple(sorted(map(_items, spec.collections), key=lambda items: not items.is_placed)),
            periods=periods_of(spec.attributes),
            countries=tuple(a.name for a in spec.attributes if standardizer_name(a) == "country"),
            own_references=own_references(spec),
            checks=_checks(spec),
        )
        _compiled[id(spec)] = found
    return found
