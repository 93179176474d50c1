"""Records that should be at a target and have no lane there, or one that newer versions passed by: found and healed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.distribution.hints import notify_lanes
from apps.distribution.models import Subscription

# Headers are locked before lanes, in id order, as the writers of golden records do.
_FIND = """
SELECT g.id, l.id IS NULL FROM golden_goldenrecord g
LEFT JOIN distribution_lane l ON l.record_id = g.id AND l.subscription_id = %(subscription)s
WHERE g.entity = %(entity)s AND g.status = 'live' AND g.id > %(after)s AND (l.id IS NULL OR l.last_seq < g.version)
ORDER BY g.id LIMIT %(limit)s FOR KEY SHARE OF g
"""
_MAKE = """
INSERT INTO distribution_lane AS lane
    (subscription_id, connection_id, record_id, last_seq, done_seq, next_at, priority, token, leased_by, attempts,
     crash_count, unsure, pending_since, code, note, park_code, park_reason, park_owner)
SELECT %(subscription)s, %(connection)s, e.record_id, max(e.seq), max(e.seq) - 1, %(now)s, %(priority)s, 0, '', 0,
       0, true, %(now)s, '', '', '', '', ''
FROM outbox_outboxevent e WHERE e.record_id = ANY(%(ids)s) GROUP BY e.record_id ORDER BY e.record_id
ON CONFLICT (subscription_id, record_id) DO NOTHING RETURNING id, record_id
"""
_ADVANCE = """
UPDATE distribution_lane l SET last_seq = e.seq, pending_since = coalesce(l.pending_since, %(now)s),
    next_at = CASE WHEN l.done_seq = l.last_seq THEN %(now)s ELSE l.next_at END
FROM (SELECT record_id, max(seq) AS seq FROM outbox_outboxevent WHERE record_id = ANY(%(ids)s) GROUP BY record_id) e
WHERE l.subscription_id = %(subscription)s AND l.record_id = e.record_id AND l.last_seq < e.seq
    AND l.lease_until IS NULL
RETURNING l.id, l.record_id
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """One page of golden records: lanes made for those that had none, lanes that were left behind; id to record.

    `after` is the last record looked at, None when there are no more.
    """

    made: dict[int, UUID]
    behind: dict[int, UUID]
    after: UUID | None


def heal_passed_by(
    *, subscription: Subscription, after: UUID, limit: int, priority: int, now: datetime
) -> Passed:
    """Make the lanes of live records that have none and bring on those left behind, in the running transaction.

    A worker looks before it writes: the record may be there by other ways.
    """
    values = {
        "subscription": subscription.pk, "connection": subscription.connection_id, "entity": subscription.entity,
        "after": after, "limit": limit, "priority": priority, "now": now,
    }  # fmt: skip
    with raw_cursor() as cursor:
        cursor.execute(_FIND, values)
        found = cursor.fetchall()
        if not found:
            return Passed({}, {}, None)
        without = [record for record, laneless in found if laneless]
        cursor.execute(_MAKE, {**values, "ids": without})
        made = dict(cursor.fetchall())
        cursor.execute(_ADVANCE, {**values, "ids": [record for record, laneless in found if not laneless]})
        behind = dict(cursor.fetchall())
    notify_lanes()
    return Passed(made, behind, found[-1][0])
