"""The outbox subscriber: moves lanes to the new versions in the writer's own transaction."""

from functools import partial

from django.db import transaction

from apps.core.bulk import raw_cursor
from apps.distribution.hints import kick_targets, notify_lanes
from apps.outbox.contracts import Appended

_ADVANCE = """
WITH told AS (
    SELECT record_id, entity, min(seq) AS first_seq, max(seq) AS last_seq
    FROM unnest(%(records)s::uuid[], %(entities)s::text[], %(seqs)s::int[]) AS e(record_id, entity, seq)
    GROUP BY record_id, entity
)
INSERT INTO distribution_lane AS lane
    (subscription_id, connection_id, record_id, last_seq, done_seq, next_at, priority, token, leased_by, attempts,
     crash_count, unsure, pending_since, code, note, park_code, park_reason, park_owner)
SELECT s.id, s.connection_id, t.record_id, t.last_seq, t.first_seq - 1, %(now)s, s.priority, 0, '', 0,
       0, false, %(now)s, '', '', '', '', ''
FROM told t JOIN distribution_subscription s ON s.entity = t.entity AND s.active
ORDER BY t.record_id, s.id
ON CONFLICT (subscription_id, record_id) DO UPDATE SET
    last_seq = greatest(lane.last_seq, excluded.last_seq),
    priority = least(lane.priority, excluded.priority),
    pending_since = coalesce(lane.pending_since, excluded.pending_since),
    next_at = CASE WHEN lane.done_seq = lane.last_seq OR {unparks} THEN excluded.next_at ELSE lane.next_at END,
    attempts = CASE WHEN {unparks} THEN 0 ELSE lane.attempts END,
    failing_since = CASE WHEN {unparks} THEN NULL ELSE lane.failing_since END,
    parked_at = CASE WHEN {unparks} THEN NULL ELSE lane.parked_at END,
    park_due = CASE WHEN {unparks} THEN NULL ELSE lane.park_due END,
    park_code = CASE WHEN {unparks} THEN '' ELSE lane.park_code END,
    park_reason = CASE WHEN {unparks} THEN '' ELSE lane.park_reason END,
    park_owner = CASE WHEN {unparks} THEN '' ELSE lane.park_owner END
RETURNING connection_id
""".format(
    # A newer version may be the cure; one that kills workers gets that benefit only once.
    unparks="(lane.parked_at IS NOT NULL AND (lane.park_code <> 'poison' OR lane.crash_count <= 3))"
)


def advance_lanes(appended: Appended) -> None:
    """Make lanes of these events due; wake whoever delivers once the writer has committed."""
    events = appended.events
    with raw_cursor() as cursor:
        cursor.execute(
            _ADVANCE,
            {
                "records": [event.record_id for event in events],
                "entities": [event.entity for event in events],
                "seqs": [event.seq for event in events],
                "now": appended.at,
            },
        )
        targets = sorted({target for (target,) in cursor})
        if not targets:
            return
        cursor.execute("SELECT code FROM connectors_connection WHERE id = ANY(%s) ORDER BY code", (targets,))
        codes = [code for (code,) in cursor]
    notify_lanes()
    transaction.on_commit(partial(kick_targets, codes), robust=True)
