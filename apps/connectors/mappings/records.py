"""What a layout makes of a row: canonical records with the faults found in their cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Mode = Literal["record", "patch"]


@dataclass(frozen=True, slots=True)
class FieldError:
    """A cell that could not be used: the column it stands in, the attribute it was meant for, and why."""

    column: str
    attribute: str
    reason: str


@dataclass(frozen=True, slots=True)
class MappedRecord:
    """One canonical record; `key` is "" when the row has none, then `errors` says so.

    `mode` patch: only the attributes in `values` are contributed. `collect` names the collections whose items
    add up over rows with the same key (see `Layout.combine`); `block` is the index of the record block.
    """

    entity: str
    key: str
    source_version: str | None
    values: dict[str, Any]
    mode: Mode
    deleted: bool
    errors: tuple[FieldError, ...]
    system: str
    block: int
    collect: tuple[str, ...] = ()


def sum_items(items: Iterable[dict[str, Any]], attribute: str) -> str:
    """Add up one decimal attribute of a collection's items."""
    total = sum((Decimal(item[attribute]) for item in items if item.get(attribute) is not None), Decimal(0))
    return format(total, "f")
