"""The SQL of compared pairs: the graph of who resembles whom, and what of it a record is connected with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.matching.engine import Band
from apps.matching.keyring import Pair


@dataclass(frozen=True, slots=True)
class Edge:
    """Two source records that resemble each other; `left` has the smaller id."""

    left: UUID
    right: UUID
    weight: float
    probability: float
    band: int
    held: bool = False

    @property
    def pair(self) -> Pair:
        return self.left, self.right

    @property
    def joins(self) -> bool:
        return self.held or self.band == Band.MATCH


@dataclass(frozen=True, slots=True)
class Member:
    """A source record of a neighbourhood: its golden record and how it came there, if it has one."""

    id: UUID
    home: UUID | None
    method: str | None


_COLUMNS = "left_id, right_id, weight, probability, band, held"


def take_pairs_of(cursor: Cursor[Any], records: Sequence[UUID]) -> list[Edge]:
    """Remove all compared pairs of these records and return them."""
    if not records:
        return []
    cursor.execute(
        f"DELETE FROM matching_comparedpair WHERE left_id = ANY(%(ids)s) OR right_id = ANY(%(ids)s)"
        f" RETURNING {_COLUMNS}",
        {"ids": list(records)},
    )
    return [Edge(*row) for row in cursor]


def drop_pairs(cursor: Cursor[Any], pairs: Sequence[Pair]) -> None:
    """Remove these compared pairs."""
    if pairs:
        cursor.execute(
            "DELETE FROM matching_comparedpair e USING unnest(%s::uuid[], %s::uuid[]) AS d(one, other)"
            " WHERE e.left_id = d.one AND e.right_id = d.other",
            ([one for one, _ in pairs], [other for _, other in pairs]),
        )


def write_pairs(cursor: Cursor[Any], entity: str, edges: Sequence[Edge], *, rule_version: int) -> None:
    """Store compared pairs in place of what was stored of them."""
    if not edges:
        return
    cursor.execute(
        f"""
        INSERT INTO matching_comparedpair ({_COLUMNS}, entity, rule_version, compared_at)
        SELECT f.*, %(entity)s, %(version)s, clock_timestamp()
        FROM unnest(%(left)s::uuid[], %(right)s::uuid[], %(weight)s::float8[], %(probability)s::float8[],
                    %(band)s::smallint[], %(held)s::boolean[]) AS f
        ON CONFLICT (left_id, right_id) DO UPDATE SET
            weight = excluded.weight, probability = excluded.probability, band = excluded.band,
            held = excluded.held, rule_version = excluded.rule_version, compared_at = excluded.compared_at
        """,
        {
            "entity": entity,
            "version": rule_version,
            "left": [edge.left for edge in edges],
            "right": [edge.right for edge in edges],
            "weight": [edge.weight for edge in edges],
            "probability": [edge.probability for edge in edges],
            "band": [edge.band for edge in edges],
            "held": [edge.held for edge in edges],
        },
    )


def reach(cursor: Cursor[Any], seeds: Iterable[UUID], *, most: int) -> list[Member]:
    """Return all records that matches, golden records or people's decisions connect with the seeds, at most `most`.

    The order is that of discovery: a cut one holds the seeds and their neighbours first.
    """
    cursor.execute(
        """
        WITH RECURSIVE reached(id) AS (
            SELECT unnest(%(seeds)s::uuid[])
            UNION
            SELECT n.id FROM reached r CROSS JOIN LATERAL (
                SELECT right_id AS id FROM matching_comparedpair WHERE left_id = r.id AND (band = 2 OR held)
                UNION ALL
                SELECT left_id FROM matching_comparedpair WHERE right_id = r.id AND (band = 2 OR held)
                UNION ALL
                SELECT o.source_record_id FROM sources_crosswalk c
                JOIN sources_crosswalk o ON o.record_id = c.record_id WHERE c.source_record_id = r.id
                UNION ALL
                SELECT right_id FROM matching_pairdecision
                WHERE left_id = r.id AND verdict = 'match' AND withdrawn_at IS NULL
                UNION ALL
                SELECT left_id FROM matching_pairdecision
                WHERE right_id = r.id AND verdict = 'match' AND withdrawn_at IS NULL
            ) AS n)
        SELECT r.id, c.record_id, c.method
        FROM (SELECT id FROM reached LIMIT %(most)s) r
        LEFT JOIN sources_crosswalk c ON c.source_record_id = r.id
        """,
        {"seeds": list(seeds), "most": most},
    )
    return [Member(*row) for row in cursor]


def pairs_among(cursor: Cursor[Any], records: Sequence[UUID]) -> list[Edge]:
    """Return the compared pairs both of whose records are among these."""
    cursor.execute(
        f"SELECT {_COLUMNS} FROM matching_comparedpair WHERE left_id = ANY(%(ids)s) AND right_id = ANY(%(ids)s)",
        {"ids": list(records)},
    )
    return [Edge(*row) for row in cursor]
