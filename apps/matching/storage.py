"""The SQL of matching: keys, candidates, pairs and decisions, set-based."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.audit.history import write_history
from apps.core.bulk import as_json, stage_rows
from apps.core.ids import derived_uuid
from apps.matching.contracts import FoundPair
from apps.matching.models import CandidatePair, PairStatus

Pair = tuple[UUID, UUID]


def lock_entity(cursor: Cursor[Any], entity: str) -> None:
    """Claim before you search: one transaction at a time decides for an entity, so twins cannot arise."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('matching'), hashtext(%s))", (entity,))


def candidates(cursor: Cursor[Any], keys: Mapping[UUID, Sequence[int]], *, cap: int) -> list[Pair]:
    """Return (asked, found) for stored records that share a key; keys of more than `cap` records find nothing."""
    asked = [(record, key) for record, found in keys.items() for key in found]
    cursor.execute(
        """
        WITH asked AS MATERIALIZED (SELECT * FROM unnest(%(ids)s::uuid[], %(keys)s::bigint[]) AS a(id, key)),
        usable AS (
            SELECT k.key, array_agg(b.source_record_id) AS holders
            FROM (SELECT DISTINCT key FROM asked) k
            CROSS JOIN LATERAL (
                SELECT source_record_id FROM matching_blockingkey WHERE key = k.key LIMIT %(cap)s + 1) b
            GROUP BY k.key HAVING count(*) <= %(cap)s)
        SELECT DISTINCT a.id, h.holder
        FROM usable u JOIN asked a ON a.key = u.key CROSS JOIN LATERAL unnest(u.holders) AS h(holder)
        WHERE h.holder <> a.id
        """,
        {"ids": [record for record, _ in asked], "keys": [key for _, key in asked], "cap": cap},
    )
    return cursor.fetchall()


def homes_of(cursor: Cursor[Any], source_record_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return the golden record of each source record that has one."""
    cursor.execute(
        "SELECT source_record_id, record_id FROM sources_crosswalk WHERE source_record_id = ANY(%s)",
        (list(source_record_ids),),
    )
    return dict(cursor.fetchall())


def homes_of_entity(cursor: Cursor[Any], entity: str) -> dict[UUID, UUID]:
    """Return the golden record of every source record of an entity."""
    cursor.execute("SELECT source_record_id, record_id FROM sources_crosswalk WHERE entity = %s", (entity,))
    return dict(cursor.fetchall())


def decisions_of_entity(cursor: Cursor[Any], entity: str) -> dict[Pair, str]:
    """Return everything people decided on pairs of an entity."""
    cursor.execute(
        "SELECT left_id, right_id, verdict FROM matching_pairdecision WHERE withdrawn_at IS NULL AND entity = %s",
        (entity,),
    )
    return {(left, right): verdict for left, right, verdict in cursor}


def housemates_of(cursor: Cursor[Any], record_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Return every source record of these golden records, with its golden record."""
    cursor.execute(
        "SELECT source_record_id, record_id FROM sources_crosswalk WHERE record_id = ANY(%s)",
        (list(record_ids),),
    )
    return dict(cursor.fetchall())


def some_housemates_of(cursor: Cursor[Any], record_ids: Iterable[UUID], *, most: int) -> dict[UUID, UUID]:
    """Return the first source records of these golden records, at most `most` of each, with their golden record."""
    cursor.execute(
        "SELECT c.source_record_id, h.id FROM unnest(%s::uuid[]) AS h(id) CROSS JOIN LATERAL ("
        " SELECT source_record_id FROM sources_crosswalk WHERE record_id = h.id"
        " ORDER BY source_record_id LIMIT %s) AS c",
        (list(record_ids), most),
    )
    return dict(cursor.fetchall())


def systems_of(cursor: Cursor[Any], source_record_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the system of each source record."""
    cursor.execute(
        "SELECT id, system_id FROM sources_sourcerecord WHERE id = ANY(%s)", (list(source_record_ids),)
    )
    return dict(cursor.fetchall())


def decisions_among(cursor: Cursor[Any], source_record_ids: Iterable[UUID]) -> dict[Pair, str]:
    """Return what people decided on pairs of these source records."""
    ids = list(source_record_ids)
    cursor.execute(
        "SELECT left_id, right_id, verdict FROM matching_pairdecision"
        " WHERE withdrawn_at IS NULL AND left_id = ANY(%s) AND right_id = ANY(%s)",
        (ids, ids),
    )
    return {(left, right): verdict for left, right, verdict in cursor}


def ordered(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)


_PAIR_COLUMNS = (
    "id", "entity", "left_id", "right_id", "probability", "weight", "evidence", "rule_version", "status", "found_at",
    "decided_by", "decided_at", "reason",
)  # fmt: skip


def store_pairs(
    cursor: Cursor[Any],
    entity: str,
    found: Iterable[tuple[FoundPair, PairStatus]],
    *,
    rule_version: int,
    now: datetime,
) -> int:
    """Store pairs with their evidence; what a person decided is never overwritten. Return how many are open anew.

    A pair whose evidence is another one now leaves the pattern that was to answer it.
    """
    rows = [
        (
            derived_uuid("pair", pair.left, pair.right), entity, pair.left, pair.right, pair.probability, pair.weight,
            as_json(pair.evidence), rule_version, status, now, "", None, "",
        )
        for pair, status in found
    ]  # fmt: skip
    if not rows:
        return 0
    staged = stage_rows(cursor, CandidatePair._meta.db_table, _PAIR_COLUMNS, rows)
    names = ", ".join(f'"{column}"' for column in _PAIR_COLUMNS)
    cursor.execute(
        f"""
        INSERT INTO matching_candidatepair AS t ({names}) SELECT {names} FROM {staged.source} r ORDER BY id
        ON CONFLICT (left_id, right_id) DO UPDATE SET
            probability = excluded.probability, weight = excluded.weight, evidence = excluded.evidence,
            rule_version = excluded.rule_version, status = excluded.status, found_at = excluded.found_at,
            decided_by = '', decided_at = NULL, reason = '', pattern_id = NULL
        WHERE t.status IN ('open', 'auto', 'obsolete')
          AND (t.status, t.evidence) IS DISTINCT FROM (excluded.status, excluded.evidence)
        RETURNING t.id, t.status, (t.xmax = 0)
        """,  # the names are constants of this module
        staged.given,
        prepare=staged.prepare,
    )
    written = cursor.fetchall()
    write_history(cursor, CandidatePair, [key for key, _, new in written if new], kind="+", now=now)
    write_history(cursor, CandidatePair, [key for key, _, new in written if not new], kind="~", now=now)
    return sum(status == PairStatus.OPEN for _, status, _ in written)


def close_settled_pairs(cursor: Cursor[Any], source_record_ids: Iterable[UUID], *, now: datetime) -> int:
    """Take open pairs off the queue whose records have become one golden record meanwhile; return how many."""
    cursor.execute(
        """
        UPDATE matching_candidatepair p SET status = 'obsolete', decided_at = %s
        FROM sources_crosswalk l, sources_crosswalk r
        WHERE p.status = 'open' AND l.source_record_id = p.left_id AND r.source_record_id = p.right_id
          AND l.record_id = r.record_id AND (p.left_id = ANY(%s) OR p.right_id = ANY(%s))
        RETURNING p.id
        """,
        (now, list(ids := list(source_record_ids)), ids),
    )
    closed = [key for (key,) in cursor.fetchall()]
    write_history(cursor, CandidatePair, closed, kind="~", now=now)
    return len(closed)


def close_unlike_pairs(cursor: Cursor[Any], source_record_ids: Iterable[UUID], *, now: datetime) -> int:
    """Take open pairs of these records off the queue that resemble each other no more; return how many."""
    ids = list(source_record_ids)
    if not ids:
        return 0
    cursor.execute(
        """
        UPDATE matching_candidatepair p SET status = 'obsolete', decided_at = %(now)s
        WHERE p.status = 'open' AND (p.left_id = ANY(%(ids)s) OR p.right_id = ANY(%(ids)s))
          AND NOT EXISTS (
              SELECT 1 FROM matching_comparedpair e WHERE e.left_id = p.left_id AND e.right_id = p.right_id)
        RETURNING p.id
        """,
        {"now": now, "ids": ids},
    )
    closed = [key for (key,) in cursor.fetchall()]
    write_history(cursor, CandidatePair, closed, kind="~", now=now)
    return len(closed)
