"""What a target knew at a time: the newest version it had acknowledged by then."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor

_KNOWN = """
SELECT DISTINCT ON (a.lane_id) c.code, coalesce(nullif(c.label, ''), c.code), a.seq, a.op, a.outcome, a.ended_at,
    a.mapping, a.mapping_version, coalesce(p.payload, a.payload)
FROM distribution_deliveryattempt a
JOIN connectors_connection c ON c.id = a.connection_id
LEFT JOIN LATERAL (
    SELECT payload FROM distribution_deliveryattempt e WHERE e.lane_id = a.lane_id AND e.seq <= a.seq
        AND e.ended_at <= a.ended_at AND e.payload IS NOT NULL AND e.outcome IN ('created', 'updated', 'confirmed')
    ORDER BY e.ended_at DESC LIMIT 1
) p ON true
WHERE a.record_id = %s AND a.ended_at <= %s AND a.outcome IN ('created', 'updated', 'unchanged', 'confirmed')
ORDER BY a.lane_id, a.ended_at DESC, a.id DESC
"""


@dataclass(frozen=True, slots=True)
class TargetKnowledge:
    """The version a target had acknowledged, and the fields it was sent; personal ones are masked in it for ever."""

    connection: str
    label: str
    seq: int
    op: str
    outcome: str
    acknowledged_at: datetime
    mapping: str
    mapping_version: str
    fields: dict[str, Any] | None


def known_to_targets(*, record_id: UUID, at: datetime) -> list[TargetKnowledge]:
    """Return what each target knew of a golden record at a time, without those that knew nothing. One statement."""
    with raw_cursor() as cursor:
        cursor.execute(_KNOWN, (record_id, at))
        return sorted(
            (TargetKnowledge(*row) for row in cursor), key=lambda each: (each.connection, each.mapping)
        )
