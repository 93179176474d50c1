"""Bounds a value must keep to be stored at all: ranges of numbers, order of dates."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from apps.golden.spec import Attribute, Collection, EntitySpec, Kind

RANGES: dict[str, tuple[Decimal | None, Decimal | None]] = {
    "utilization_target": (Decimal(0), Decimal(100)),
    "weekly_hours": (Decimal(0), Decimal(168)),
    **dict.fromkeys(
        (
            "cap",
            "credit_limit",
            "budget_hours",
            "budget_amount",
            "hours",
            "percent",
            "fte",
            "rate",
            "fx_rate",
        ),
        (Decimal(0), None),
    ),
}
"""Lowest and highest value by attribute or column name, both included; None is unbounded."""

PERIODS = (
    ("start", "end"),
    ("valid_from", "valid_to"),
    ("hire_date", "term_date"),
)
"""First and last day of a period, by attribute or column names; the second is never before the first."""

NUMERIC = frozenset({Kind.MONEY, Kind.DECIMAL, Kind.INTEGER})


def range_of(
    attribute: Attribute, collection: Collection | None = None
) -> tuple[Decimal | None, Decimal | None]:
    """Return the bounds of a numeric attribute; amounts of rate tables are never negative."""
    if attribute.kind not in NUMERIC:
        return (None, None)
    if collection is not None and collection.name.endswith("rates") and attribute.name == "amount":
        return (Decimal(0), None)
    return RANGES.get(attribute.name, (None, None))


def is_outside(value: object, bounds: tuple[Decimal | None, Decimal | None]) -> bool:
    """Tell whether a standardized number lies outside its bounds."""
    low, high = bounds
    if value is None or (low is None and high is None):
        return False
    number = Decimal(str(value))
    return (low is not None and number < low) or (high is not None and number > high)


def periods_of(attributes: Iterable[Attribute]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of dates among these attributes that make a period."""
    names = {attribute.name for attribute in attributes if attribute.kind in (Kind.DATE, Kind.TIMESTAMP)}
    return tuple(pair for pair in PERIODS if names.issuperset(pair))


def is_reversed(values: dict[str, Any], pair: tuple[str, str]) -> bool:
    """Tell whether the second date of a pair is before the first; ISO dates compare as text."""
    first, second = values.get(pair[0]), values.get(pair[1])
    return isinstance(first, str) and isinstance(second, str) and second < first


def own_references(spec: EntitySpec) -> tuple[str, ...]:
    """Return the attributes that point at the same entity: a record must not point at itself."""
    return tuple(attribute.name for attribute in spec.references() if attribute.references == spec.name)
