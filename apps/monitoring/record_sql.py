"""What the timeline of one record is made of: one statement a stage."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor

MOST_LANDINGS = 300

_EVENTS = """
SELECT seq, type, changed, actor, reason, correlation_id, created_at FROM outbox_outboxevent
WHERE record_id = %s AND seq < %s ORDER BY seq DESC LIMIT %s
"""
_LANDINGS = """
SELECT h.id, h.system_id, h.key, h.source_version, h.history_date, coalesce(l.origin, ''), coalesce(l.actor, ''),
    l.correlation_id, h.load_id, m.id, m.occurred_at, h.deleted,
    h.history_date = max(h.history_date) OVER (PARTITION BY h.id) AS newest,
    s.pending_since IS NOT NULL, q.standardized_at, c.method, c.assigned_at
FROM sources_crosswalk c
JOIN sources_sourcerecord s ON s.id = c.source_record_id
JOIN sources_historicalsourcerecord h ON h.id = c.source_record_id
LEFT JOIN sources_load l ON l.id = h.load_id
LEFT JOIN quality_standardrecord q ON q.source_record_id = h.id
LEFT JOIN LATERAL (SELECT i.id, i.occurred_at FROM distribution_inboxmessage i
    WHERE i.load_id = h.load_id AND (i.native_id = h.key OR i.native_id = '') ORDER BY i.received_at LIMIT 1) m ON true
WHERE c.record_id = %(record)s
ORDER BY h.history_date DESC, h.history_id DESC LIMIT %(most)s
"""
_PAIRS = """
SELECT DISTINCT ON (m.source_record_id) m.source_record_id, p.probability, p.rule_version, p.decided_by, p.decided_at
FROM sources_crosswalk m
JOIN matching_candidatepair p ON p.left_id = m.source_record_id OR p.right_id = m.source_record_id
JOIN sources_crosswalk o ON o.record_id = m.record_id AND o.source_record_id <> m.source_record_id
    AND o.source_record_id IN (p.left_id, p.right_id)
WHERE m.record_id = %s AND m.source_record_id = ANY(%s)
ORDER BY m.source_record_id, p.decided_at DESC NULLS LAST, p.probability DESC
"""
_APPROVALS = """
SELECT id, "group", status, requested_by, requested_at, decided_by, decided_at, correlation_id
FROM stewardship_changerequest WHERE record_id = %s ORDER BY requested_at DESC LIMIT 100
"""
_ATTEMPTS = """
SELECT a.lane_id, a.seq, count(*), min(a.started_at),
    min(a.ended_at) FILTER (WHERE a.outcome IN ('created', 'updated', 'unchanged', 'confirmed', 'skipped')),
    (array_agg(CASE WHEN a.ended_at IS NULL THEN 'running' ELSE a.outcome END
        ORDER BY a.started_at DESC, a.id DESC))[1],
    (array_agg(a.code ORDER BY a.started_at DESC, a.id DESC))[1],
    (array_agg(a.message ORDER BY a.started_at DESC, a.id DESC))[1]
FROM distribution_deliveryattempt a WHERE a.record_id = %s AND a.seq >= %s GROUP BY a.lane_id, a.seq
"""
_SEEN = "SELECT o.lane_id, o.seen_at FROM distribution_observation o WHERE o.lane_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Event:
    """One golden version, as the outbox tells it."""

    seq: int
    type: str
    changed: list[str]
    actor: str
    reason: str
    correlation_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """One history row of a member."""

    source_record_id: UUID
    system: str
    key: str
    source_version: str | None
    at: datetime
    origin: str
    actor: str
    correlation_id: UUID | None
    load_id: UUID | None
    message: UUID | None
    occurred_at: datetime | None
    deleted: bool
    newest: bool
    waits: bool
    standardized_at: datetime | None
    method: str
    assigned_at: datetime

    @property
    def told_at(self) -> datetime | None:
        """The system's own moment: what the webhook said, or a source version that is a timestamp."""
        if self.occurred_at is not None:
            return self.occurred_at
        try:
            moment = datetime.fromisoformat(self.source_version or "")
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried to bring one version to one target."""

    lane_id: int
    seq: int
    attempts: int
    first_at: datetime
    acknowledged_at: datetime | None
    outcome: str
    code: str
    message: str


def events_of(record_id: UUID, before: int, limit: int) -> list[Event]:
    """Return versions older than `before`, the newest first."""
    return [Event(*row) for row in _rows(_EVENTS, (record_id, before, limit))]


def heard_of(record_id: UUID) -> list[Heard]:
    """Return what systems told of the members, the newest first."""
    return [Heard(*row) for row in _rows(_LANDINGS, {"record": record_id, "most": MOST_LANDINGS})]


def pairs_of(record_id: UUID, sources: list[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Return (probability, rule version, decided by, decided at) of the pair that tied each source record."""
    return {row[0]: row[1:] for row in _rows(_PAIRS, (record_id, sources))}


def approvals_of(record_id: UUID) -> list[tuple[Any, ...]]:
    """Return the columns of `Approval`, the newest first."""
    return _rows(_APPROVALS, (record_id,))


def tried_of(record_id: UUID, since: int) -> list[Tried]:
    """Return what was tried for versions from `since` on."""
    return [Tried(*row) for row in _rows(_ATTEMPTS, (record_id, since))]


def seen_at(lanes: list[int]) -> dict[int, datetime]:
    """Return when each lane's record was last looked at in its target."""
    return dict(_rows(_SEEN, (lanes,)))


def _rows(query: str, values: Any) -> list[Any]:
    with raw_cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
