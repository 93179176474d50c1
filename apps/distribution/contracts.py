"""What distribution tells others: reports of runs and replays, and what the monitor shows."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one call of `deliver_due` did: lanes claimed, and lanes by outcome (`models.Outcome` values)."""

    target: str
    claimed: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    gate: str = ""
    """Why nothing more was claimed: paused, disabled, breaker_open, rate, a hold code; "": nothing was due."""

    @property
    def delivered(self) -> int:
        """Lanes in which the target now holds the newest version."""
        return sum(self.outcomes.get(name, 0) for name in ("created", "updated", "unchanged", "confirmed"))


@dataclass(frozen=True, slots=True)
class DeadLetterFilter:
    """Which dead letters; every condition given must hold, none given means all."""

    connection: str = ""
    entity: str = ""
    code: str = ""
    owner: str = ""
    record_id: UUID | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """`lanes` in the order they are delivered; nothing was changed when `dry_run`."""

    lanes: tuple[int, ...]
    dry_run: bool

    @property
    def count(self) -> int:
        return len(self.lanes)


@dataclass(frozen=True, slots=True)
class TargetCounters:
    """How one target is doing now. Lanes are counted once, in the first group that fits."""

    connection: str
    label: str
    enabled: bool
    paused: bool
    paused_reason: str
    breaker: str
    open_until: datetime | None
    hold_code: str
    hold_note: str
    hold_until: datetime | None
    max_inflight: int
    lanes: int
    in_step: int
    in_flight: int
    due: int
    waiting: int
    backing_off: int
    parked: int
    overdue: int
    held: int
    """Due but for an open exception of the record that holds distribution."""
    delivered: int
    """Attempts that changed something there in the last 24 hours."""
    failed: int
    """Attempts that failed in the last 24 hours."""
    lag_seconds: float
    """Age of the oldest approved change that has neither arrived nor been parked, and neither waits for another
    record nor is held by an exception: what the target itself is to blame for."""


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """How far one golden record has come in one target."""

    lane_id: int
    connection: str
    label: str
    mapping: str
    state: str
    """in_step, in_flight, due, waiting, backing_off or parked."""
    last_seq: int
    done_seq: int
    next_at: datetime
    attempts: int
    code: str
    note: str
    object: str
    external_id: str
    native_id: str
    last_seen: datetime | None
    deactivated: bool


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked lane: what was refused, why, and who must act until when."""

    lane_id: int
    connection: str
    entity: str
    record_id: UUID
    title: str
    seq: int
    code: str
    reason: str
    owner: str
    parked_at: datetime
    due_at: datetime
    overdue: bool
    attempts: int
    payload: dict[str, Any] | None
    """Of the last attempt, personal attributes masked."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt as a timeline shows it."""

    id: UUID
    lane_id: int
    connection: str
    record_id: UUID
    seq: int
    op: str
    key: UUID
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    http_status: int | None
    code: str
    message: str
    payload: dict[str, Any] | None
    response: str
    mapping: str
    mapping_version: str
    worker: str
    actor: str
    correlation_id: UUID
