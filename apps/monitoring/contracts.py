"""The timeline of one golden record: per version what caused it, who allowed it, and when each target had it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Joined:
    """How a source record came to the golden record. `probability` and what else is null where it may not be seen."""

    method: str
    at: datetime
    probability: float | None
    rule_version: int | None
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Landing:
    """A system's word: `told_at` by its own account, `landed_at` when the hub had it, `message` the webhook if one.

    `standardized_at` and `joined` are known of the newest word of a source record only.
    """

    source_record_id: UUID
    system: str
    key: str
    told_at: datetime | None
    landed_at: datetime
    origin: str
    actor: str
    correlation_id: UUID | None
    load_id: UUID | None
    message: UUID | None
    deleted: bool
    pending: bool
    standardized_at: datetime | None
    joined: Joined | None


@dataclass(frozen=True, slots=True)
class Approval:
    """A change request of this record; `decided_at` is empty while it waits."""

    id: UUID
    group: str
    status: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime | None
    correlation_id: UUID


@dataclass(frozen=True, slots=True)
class Arrival:
    """How one version came to one target. `seq` is the version that was sent, a newer one where the target takes the
    newest only; `acknowledged_at` is empty until then; `echo_at`: when the target told it back."""

    connection: str
    label: str
    mapping: str
    seq: int
    state: str
    attempts: int
    first_at: datetime | None
    acknowledged_at: datetime | None
    code: str
    message: str
    echo_at: datetime | None
    observed_at: datetime | None

    def lag(self, since: datetime) -> float | None:
        """Return the seconds from a version's moment to its acknowledgement."""
        return max(0.0, (self.acknowledged_at - since).total_seconds()) if self.acknowledged_at else None


@dataclass(frozen=True, slots=True)
class VersionStory:
    """One golden version with all before and after it."""

    seq: int
    type: str
    at: datetime
    actor: str
    reason: str
    correlation_id: UUID
    changed: tuple[str, ...]
    landings: tuple[Landing, ...]
    approvals: tuple[Approval, ...]
    arrivals: tuple[Arrival, ...]

    @property
    def mastered_in(self) -> float | None:
        """Seconds from the first word that caused it to the version, time of approval included."""
        heard = [each.landed_at for each in self.landings]
        return max(0.0, (self.at - min(heard)).total_seconds()) if heard else None

    @property
    def arrived_in(self) -> float | None:
        """Seconds from the version to the last acknowledgement; None while a target is missing."""
        lags = [each.lag(self.at) for each in self.arrivals]
        known = [lag for lag in lags if lag is not None]
        return max(known) if known and len(known) == len(lags) else None


@dataclass(frozen=True, slots=True)
class RecordTimeline:
    """Versions, the newest first; `quiet` are words that changed nothing (echoes, repetitions) or wait for their turn;
    `before` is the version to go on from, None at the end."""

    versions: tuple[VersionStory, ...]
    quiet: tuple[Landing, ...]
    waiting: tuple[Approval, ...]
    before: int | None
