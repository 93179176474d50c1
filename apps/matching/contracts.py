"""What matching takes and gives."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.golden.spec import Document


@dataclass(frozen=True, slots=True)
class ToMatch:
    """A source record with its standardized values; `record_id` is its golden record, if it has one."""

    id: UUID
    system: str
    values: Document
    record_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """A source record joins a golden record: an existing one, or a new one that has this id from now on."""

    source_record_id: UUID
    record_id: UUID
    method: str


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome of a batch. `merges` are sets of golden records that turned out to be one.

    `splits` of the joined records left another golden record; those are `left`, to be computed again.
    """

    joined: tuple[Joined, ...]
    merges: tuple[tuple[UUID, ...], ...] = ()
    reviews: int = 0
    splits: int = 0
    left: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPair:
    """Two source records compared, with the evidence."""

    left: UUID
    right: UUID
    probability: float
    weight: float
    band: int
    evidence: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Similar:
    """A golden record that resembles what was asked for."""

    record_id: UUID
    probability: float
    weight: float
    band: str
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ComparedAttribute:
    """One attribute a rule compares; `weights` in bits, from different (first) to equal (last)."""

    name: str
    sources: tuple[str, ...]
    comparator: str
    group: str
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """A match rule as people read it; thresholds are probabilities, `prior` is in bits."""

    match_threshold: float
    review_threshold: float
    frequency_cap: int
    prior: float
    trained_pairs: int
    trained_records: int
    model_version: str
    attributes: tuple[ComparedAttribute, ...]
    passes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChunkDone:
    """What one chunk of a re-match did: where the next begins (None: the phase is done), units and counts."""

    cursor: Any
    done: int
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueueFilled:
    """Reviews `opened` now, those `left` out for lack of room, and whether the queue is full."""

    opened: int
    left: int
    full: bool
