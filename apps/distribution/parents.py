"""Golden records a payload refers to: what this target calls them, if they are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.connectors.mappings import RefNeed
from apps.connectors.models import Connection
from apps.core.bulk import raw_cursor


@dataclass(frozen=True, slots=True)
class Parents:
    """Golden id (as text, as the document has it) to external id; ids of entities that never come here."""

    external_ids: Mapping[str, str]
    not_distributed: frozenset[str]
    survivors: Mapping[str, UUID]

    def survivor(self, golden_id: str) -> UUID | None:
        """Return the record that stands for `golden_id` now: itself, what it was merged into, or none."""
        return self.survivors.get(golden_id)


_FIND = """
WITH RECURSIVE need AS (
    SELECT DISTINCT id, entity FROM unnest(%(ids)s::uuid[], %(entities)s::text[]) AS n(id, entity)
), chain AS (
    SELECT n.id, n.entity, g.id AS at, g.merged_into_id, 0 AS depth
    FROM need n JOIN golden_goldenrecord g ON g.id = n.id
    UNION ALL
    SELECT c.id, c.entity, g.id, g.merged_into_id, c.depth + 1
    FROM chain c JOIN golden_goldenrecord g ON g.id = c.merged_into_id WHERE c.depth < 50
), survivor AS (
    SELECT DISTINCT ON (id) id, entity, at FROM chain ORDER BY id, depth DESC
)
SELECT v.id::text, v.at,
       (SELECT r.external_id FROM distribution_externalref r JOIN distribution_lane l ON l.id = r.lane_id
        JOIN distribution_subscription s ON s.id = l.subscription_id
        WHERE r.record_id = v.at AND r.connection_id = %(connection)s
        ORDER BY s.priority, s.id LIMIT 1),
       EXISTS (SELECT 1 FROM distribution_subscription s
               WHERE s.connection_id = %(connection)s AND s.entity = v.entity AND s.active)
FROM survivor v
"""


def load_parents(connection: Connection, needs: Iterable[RefNeed]) -> Parents:
    """Look up all needed references in one query; merged records lead to their survivors."""
    wanted = {(need.golden_id, need.entity) for need in needs if _is_id(need.golden_id)}
    if not wanted:
        return Parents({}, frozenset(), {})
    with raw_cursor() as cursor:
        cursor.execute(
            _FIND,
            {
                "ids": [golden_id for golden_id, _ in wanted],
                "entities": [entity for _, entity in wanted],
                "connection": connection.pk,
            },
        )
        rows = cursor.fetchall()
    return Parents(
        external_ids={golden_id: external for golden_id, _, external, _ in rows if external},
        not_distributed=frozenset(
            golden_id for golden_id, _, external, sent in rows if not external and not sent
        ),
        survivors={golden_id: at for golden_id, at, _, _ in rows},
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
