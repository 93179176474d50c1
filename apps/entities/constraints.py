"""Named constraints typed tables share: formats, known values, order of dates, bounds, identity of items.

A NULL passes every check here: what must be present is a quality rule, never a refused row.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import CheckConstraint, F, Q, UniqueConstraint

COUNTRY = r"^[A-Z]{2}$"  # ISO 3166-1 alpha-2
CURRENCY = r"^[A-Z]{3}$"  # ISO 4217
PHONE = r"^\+[1-9][0-9]{1,14}(;ext=[0-9]{1,20})?$"  # E.164, extension as in RFC 3966
EMAIL = r"^[^@[:space:]]+@[^@[:space:]]+$"
DOMAIN = r"^[^@/:[:space:]]+\.[^@/:.[:space:]]+$"
DUNS = r"^[0-9]{9}$"
LEI = r"^[A-Z0-9]{18}[0-9]{2}$"  # ISO 17442


def matches(name: str, column: str, pattern: str) -> CheckConstraint:
    """The column, if present, has the form of a regular expression of PostgreSQL."""
    return CheckConstraint(condition=Q(**{f"{column}__regex": pattern}), name=name)


def one_of(name: str, column: str, values: Sequence[str]) -> CheckConstraint:
    """The column, if present, is one of these values."""
    return CheckConstraint(condition=Q(**{f"{column}__in": list(values)}), name=name)


def in_order(name: str, first: str, second: str) -> CheckConstraint:
    """`second` is not before `first`, if both are present."""
    return CheckConstraint(condition=Q(**{f"{second}__gte": F(first)}), name=name)


def between(name: str, column: str, low: int, high: int) -> CheckConstraint:
    """The column lies between two bounds, both included."""
    bounds = {f"{column}__gte": Decimal(low), f"{column}__lte": Decimal(high)}
    return CheckConstraint(condition=Q(**bounds), name=name)


def not_negative(name: str, column: str) -> CheckConstraint:
    return CheckConstraint(condition=Q(**{f"{column}__gte": Decimal(0)}), name=name)


def not_itself(name: str, column: str) -> CheckConstraint:
    """A reference to the same entity does not point at its own row."""
    return CheckConstraint(condition=~Q(**{column: F("record")}), name=name)


def one_per_record(name: str, *identity: str) -> UniqueConstraint:
    """One record has one item of an identity; absent columns count as equal, as in the item's id."""
    return UniqueConstraint(fields=("record", *identity), nulls_distinct=False, name=name)
