"""What a claimed lane carries: its event, what is known of the target's copy, what was told of it last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """A claimed lane with the event it carries and what is known of the target's copy."""

    lane_id: int
    subscription_id: int
    record_id: UUID
    entity: str
    mapping: str
    mode: str
    seq: int
    document: dict[str, Any]
    actor: str
    correlation_id: UUID
    live: bool
    token: int
    attempts: int
    unsure: bool
    failing_since: datetime | None
    pending_since: datetime | None
    known: bool
    """The target has acknowledged a version before."""
    native_id: str
    remote_version: str
    last_hash: bytes
    occurred_at: datetime
    told_seq: int
    """The version that the last attempt with a payload was at, its payload's hash, and its key."""
    told_hash: bytes
    told_key: UUID | None
    members: tuple[dict[str, Any], ...] = ()
    """Before the first delivery: `key` and `values` of the source records that the target's own system told."""


_FACTS = """
SELECT l.id, l.subscription_id, l.record_id, s.entity, s.mapping, s.mode, e.seq, e.payload, e.actor, e.correlation_id,
       g.status = 'live', l.token, l.attempts, l.unsure, l.failing_since, l.pending_since, r.lane_id IS NOT NULL,
       coalesce(r.native_id, ''), coalesce(r.remote_version, ''), coalesce(r.last_hash, ''::bytea), e.created_at,
       coalesce(a.seq, 0), coalesce(a.payload_hash, ''::bytea), a.key,
       CASE WHEN r.lane_id IS NULL THEN (
           SELECT jsonb_agg(jsonb_build_object('key', x.key, 'values', t.values) ORDER BY x.key)
           FROM sources_crosswalk x JOIN sources_sourcerecord t ON t.id = x.source_record_id AND NOT t.deleted
           WHERE x.record_id = l.record_id AND x.system_id = c.code AND x.entity = s.entity
             -- Where an entity goes into two objects, an id does not tell of which it is.
             AND 1 = (SELECT count(*) FROM distribution_subscription o
                      WHERE o.connection_id = l.connection_id AND o.entity = s.entity AND o.active)
       ) END
FROM distribution_lane l
JOIN connectors_connection c ON c.id = l.connection_id
JOIN distribution_subscription s ON s.id = l.subscription_id
JOIN golden_goldenrecord g ON g.id = l.record_id
CROSS JOIN LATERAL (
    SELECT seq, payload, actor, correlation_id, created_at FROM outbox_outboxevent o
    WHERE o.record_id = l.record_id AND (s.mode = 'state' OR o.seq > l.done_seq)
    ORDER BY CASE WHEN s.mode = 'state' THEN -o.seq ELSE o.seq END LIMIT 1
) e
LEFT JOIN distribution_externalref r ON r.lane_id = l.id
LEFT JOIN LATERAL (
    SELECT seq, payload_hash, key FROM distribution_deliveryattempt t
    WHERE t.lane_id = l.id AND t.payload_hash IS NOT NULL ORDER BY t.started_at DESC, t.id DESC LIMIT 1
) a ON true
WHERE l.id = ANY(%s) ORDER BY l.priority, l.next_at, l.id
"""


def load_facts(lanes: Iterable[int]) -> list[LaneFacts]:
    """Return what these lanes carry, in one query; a lane whose event is gone is left out."""
    with raw_cursor() as cursor:
        cursor.execute(_FACTS, (list(lanes),))
        return [LaneFacts(*(*row[:-1], tuple(row[-1] or ()))) for row in cursor]
