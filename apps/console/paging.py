"""Keyset pages over tables whose primary key grows with time, and counts that stop early."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

PAGE = 50
COUNTED = 10_000
"""Counting stops here; beyond it a screen says "more than"."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first; `after` is the key to ask the next page with, "" on the last one."""

    rows: list[Any]
    after: str
    first: bool


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def newest_first(rows: QuerySet[Any, Any], query: Mapping[str, str], *, size: int = PAGE) -> Page:
    """Return the page that `?after=<key>` asks for; the model's primary key must be a UUIDv7."""
    edge = uuid_of(query.get("after", ""))
    if edge:
        rows = rows.filter(pk__lt=edge)
    found: list[Model] = list(rows.order_by("-pk")[: size + 1])
    more = len(found) > size
    return Page(found[:size], str(found[size - 1].pk) if more else "", edge is None)


@dataclass(frozen=True, slots=True)
class Numbered:
    """One of numbered pages: its rows in the order of the queryset, and whether others follow."""

    rows: list[Any]
    number: int
    more: bool


def page_number(query: Mapping[str, str]) -> int:
    """Return the page that `?page=` asks for, the first one where it makes no sense."""
    text = query.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def numbered(rows: QuerySet[Any, Any], query: Mapping[str, str], *, size: int = PAGE) -> Numbered:
    """Return the page that `?page=` asks for of a queue, which is short and whose order is no key."""
    number = page_number(query)
    found = list(rows[(number - 1) * size : number * size + 1])
    return Numbered(found[:size], number, len(found) > size)


def counted(rows: QuerySet[Any, Any]) -> int:
    """Return how many rows there are, at most COUNTED + 1."""
    return rows.order_by()[: COUNTED + 1].count()
