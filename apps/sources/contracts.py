"""What landing takes and gives: rows in, counts and changed source records out."""

from collections.abc import Callable
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


class Row:
    """One row of an extract: `data` by column, or a `problem` with what could be read of it in `data`.

    A reader may give a `line` and how to `read` it instead: then the row is read when somebody looks at it. `mark`
    stands for such a line and all that its meaning depends on in the file; b"": the data tell rows apart.
    """

    __slots__ = ("_data", "_line", "_problem", "_read", "mark", "number")

    def __init__(self, number: int, data: dict[str, Any], problem: Problem | None = None) -> None:
        self.number, self._data, self._problem, self.mark, self._line = number, data, problem, b"", b""
        self._read: Callable[[int, bytes], Row] | None = None

    @classmethod
    def unread(cls, number: int, line: bytes, mark: bytes, read: "Callable[[int, bytes], Row]") -> "Row":
        row = cls.__new__(cls)
        row.number, row._line, row.mark, row._read = number, line, mark, read
        return row

    def _look(self) -> None:
        if self._read is not None:
            found = self._read(self.number, self._line)
            self._data, self._problem, self._read = found.data, found.problem, None

    @property
    def data(self) -> dict[str, Any]:
        self._look()
        return self._data

    @property
    def problem(self) -> Problem | None:
        self._look()
        return self._problem

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Row):
            return NotImplemented
        return (self.number, self.data, self.problem) == (other.number, other.data, other.problem)

    __hash__ = None  # type: ignore[assignment]  # rows hold dicts

    def __repr__(self) -> str:
        return f"Row({self.number}, {self.data}, {self.problem})"


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
