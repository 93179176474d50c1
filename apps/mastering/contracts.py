"""Plans: what would become of golden records, computed before anything is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from apps.golden.spec import Document
from apps.mastering.engine.ownership import Ownership
from apps.mastering.engine.survivorship import Lines
from apps.mastering.engine.trust import Survivorship

ChangeKind = Literal["created", "updated", "requalified", "unchanged", "retired", "revived"]
"""`requalified`: the same values from other sources; written, but no news to anybody."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a golden record is a function of, besides its members and pins."""

    ownership: Ownership
    survivorship: Survivorship


@dataclass(frozen=True, slots=True)
class Change:
    """One golden record before and after. Documents hold values only; provenance stands beside them."""

    record_id: UUID
    entity: str
    kind: ChangeKind
    version: int
    before: Document
    after: Document
    provenance_before: dict[str, Any]
    provenance: dict[str, Any]
    quality: int

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the names of attributes and collections that differ."""
        names = sorted(set(self.before) | set(self.after))
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))

    @property
    def is_news(self) -> bool:
        return self.kind in ("created", "updated", "retired", "revived")


@dataclass(frozen=True, slots=True)
class Move:
    """A source record joins a golden record, by this method (new, match, key, id, steward)."""

    source_record_id: UUID
    record_id: UUID
    method: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The loser of a merge becomes a redirect to its survivor."""

    loser: UUID
    survivor: UUID
    moved: tuple[str, ...]  # ids of the source records that came from the loser
    method: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefusedValue:
    """A reference that was left out because it would close a cycle of `length` records."""

    record_id: UUID
    attribute: str
    value: str
    source_record_id: UUID | None
    length: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall become of a batch of golden records of one entity."""

    entity: str
    changes: tuple[Change, ...] = ()
    moves: tuple[Move, ...] = ()
    redirects: tuple[Redirect, ...] = field(default=())
    refused: tuple[RefusedValue, ...] = field(default=())
    lines: tuple[tuple[UUID, Lines], ...] = field(
        default=(), repr=False
    )  # who stood in line, for the verdicts

    def news(self) -> Iterator[Change]:
        return (change for change in self.changes if change.is_news)
