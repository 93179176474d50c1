"""What landing takes and gives: rows in, counts and changed source records out."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal
from uuid import UUID

Mode = Literal["full", "patch"]
"""full: a row speaks for all attributes its layout maps; patch: only for those it has."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be landed, and what to do about it."""

    code: str
    reason: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an extract: `data` by column, or a `problem` with what could be read of it in `data`."""

    number: int
    data: dict[str, Any]
    problem: Problem | None = None


@dataclass(slots=True)
class Counts:
    """What became of the rows of a load. `rows` counts rows, the others source records."""

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    stale: int = 0
    skipped: int = 0
    rejected: int = 0

    def add(self, other: "Counts") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class Landed:
    """The outcome of one batch."""

    counts: Counts
    changed_ids: tuple[UUID, ...] = field(default=())
    load_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PendingRecord:
    """A source record whose change waits for its golden record."""

    id: UUID
    system: str
    entity: str
    key: str
    values: dict[str, Any]
    deleted: bool
    record_id: UUID | None
    load_id: UUID | None


@dataclass(frozen=True, slots=True)
class Told:
    """Who brought a load, in which business transaction."""

    actor: str
    actor_id: int | None
    correlation_id: UUID
    origin: str
