"""What the hub last wrote into the systems that source records come from, in the hub's own words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.connectors.selectors import active_mapping
from apps.core.bulk import raw_cursor
from apps.core.errors import NotFound
from apps.golden.spec import Document

SWING_WINDOW = timedelta(hours=24)

# A record the hub wrote is known by the target's own id of it, or through the golden record it belongs to. Step by step
# from the given ids on, because most records were never written by the hub: the planner must not begin elsewhere.
_WRITTEN = """
WITH asked AS MATERIALIZED (
    SELECT s.id, s.system_id, s.entity, s.key, s.pending_since = s.changed_at AS fresh, n.id AS connection_id,
        c.record_id AS home
    FROM sources_sourcerecord s JOIN connectors_connection n ON n.code = s.system_id
    LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id
    WHERE s.id = ANY(%s)
), referred AS MATERIALIZED (
    SELECT a.*, r.lane_id, r.record_id, r.last_fields FROM asked a CROSS JOIN LATERAL (
        (SELECT lane_id, record_id, last_fields FROM distribution_externalref
         WHERE connection_id = a.connection_id AND native_id = a.key OFFSET 0)
        UNION ALL
        (SELECT lane_id, record_id, last_fields FROM distribution_externalref
         WHERE connection_id = a.connection_id AND record_id = a.home OFFSET 0)
    ) r
)
SELECT DISTINCT ON (r.id, r.lane_id) r.id, r.system_id, r.key, r.record_id, b.mapping, r.last_fields,
    r.home IS NULL AND g.status = 'live', r.fresh, coalesce(t.values, '{}'::jsonb),
    coalesce(t.echoed, '{}'::jsonb), t.own_recency
FROM referred r
JOIN distribution_lane l ON l.id = r.lane_id
JOIN distribution_subscription b ON b.id = l.subscription_id AND b.entity = r.entity
JOIN golden_goldenrecord g ON g.id = r.record_id
LEFT JOIN quality_standardrecord t ON t.source_record_id = r.id
ORDER BY r.id, r.lane_id
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What the hub wrote for a source record's system; `document` holds the attributes of the mapping.

    `homeless`: the record is the hub's own creation and belongs to no golden record yet. `fresh`: it waits for
    nothing but its own change. `before`: its standardized values as the pipeline last took them; `echoed` what of them
    only repeated the hub, `own_recency` when the record spoke for itself, if it has only repeated the hub since.
    """

    source_record_id: UUID
    system: str
    key: str
    record_id: UUID
    document: Document
    homeless: bool
    fresh: bool
    before: Document
    echoed: Mapping[str, Any]
    own_recency: float | None


def last_written(*, source_record_ids: Iterable[UUID]) -> list[Written]:
    """Return what was last written for these source records, those that no target knows left out. One statement."""
    with raw_cursor() as cursor:
        cursor.execute(_WRITTEN, (list(source_record_ids),))
        rows = cursor.fetchall()
    told: dict[str, Any] = {}
    found = []
    for source, system, key, record, name, fields, *rest in rows:
        if name not in told:
            told[name] = _mapping(name)
        if told[name] is not None:
            document = told[name].from_remote(fields)
            found.append(Written(source, system, key, record, document, *rest))
    return found


def _mapping(name: str) -> Any:
    """Return the active mapping; None when it was withdrawn, then nothing can be compared."""
    try:
        return active_mapping(name)
    except NotFound:
        return None


_STATES = """
SELECT h.id, h.values FROM sources_historicalsourcerecord h
WHERE h.id = ANY(%s) AND h.history_date > coalesce(
    (SELECT max(x.closed_at) FROM stewardship_exceptiontask x JOIN sources_crosswalk c ON c.record_id = x.record_id
     WHERE c.source_record_id = h.id AND x.invariant = %s AND x.closed_at > %s), %s)
ORDER BY h.id, h.history_date, h.history_id
"""


def landed_states(
    *, source_record_ids: Iterable[UUID], invariant: str, now: datetime
) -> dict[UUID, list[Document]]:
    """Return how each record was landed during the last day, or since a person let such a swing be; oldest first."""
    since = now - SWING_WINDOW
    states: dict[UUID, list[Document]] = {}
    with raw_cursor() as cursor:
        cursor.execute(_STATES, (list(source_record_ids), invariant, since, since))
        for source, values in cursor:
            states.setdefault(source, []).append(values)
    return states
