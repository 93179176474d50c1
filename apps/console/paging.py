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


def counted(rows: QuerySet[Any, Any]) -> int:
    """Return how many rows there are, at most COUNTED + 1."""
    return rows.order_by()[: COUNTED + 1].count()
