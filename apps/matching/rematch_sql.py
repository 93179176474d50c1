"""The SQL of re-matching an entity chunk by chunk: keyset pages of records, pairs and seeds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.matching.compared import Edge
from apps.matching.keyring import Pair
from apps.matching.prepared import Form

NIL = UUID(int=0)
LAST = UUID(int=(1 << 128) - 1)


def standard_ids(cursor: Cursor[Any], entity: str, after: str | None, limit: int) -> list[UUID]:
    """Return the next standardized records of an entity that have a golden record."""
    cursor.execute(
        "SELECT source_record_id FROM sources_crosswalk WHERE entity = %s AND source_record_id > %s"
        " ORDER BY source_record_id LIMIT %s",
        (entity, after or NIL, limit),
    )
    return [record for (record,) in cursor]


_OUTDATED = """
    FROM sources_crosswalk c JOIN quality_standardrecord q ON q.source_record_id = c.source_record_id
    LEFT JOIN matching_preparedrecord p ON p.source_record_id = c.source_record_id
    WHERE c.entity = %(entity)s AND c.source_record_id > %(after)s
      AND (q.standardized_at >= %(since)s OR p.fingerprint IS DISTINCT FROM %(fingerprint)s)
"""


def outdated_ids(
    cursor: Cursor[Any], entity: str, after: str | None, since: datetime | None, fingerprint: int, limit: int
) -> list[UUID]:
    """Return the next records that were standardized since, or are not prepared for the rule."""
    cursor.execute(
        f"SELECT c.source_record_id {_OUTDATED} ORDER BY c.source_record_id LIMIT %(limit)s",
        {
            "entity": entity,
            "after": after or NIL,
            "since": since or datetime.max,
            "fingerprint": fingerprint,
            "limit": limit,
        },
    )
    return [record for (record,) in cursor]


def count(cursor: Cursor[Any], entity: str, what: str, since: datetime | None, fingerprint: int) -> int:
    """Count records, outdated records, pairs or seeds of an entity."""
    statement = {
        "records": "SELECT count(*) FROM sources_crosswalk WHERE entity = %(entity)s",
        "outdated": f"SELECT count(*) {_OUTDATED}",
        "pairs": "SELECT count(*) FROM matching_runpair WHERE entity = %(entity)s",
        "seeds": "SELECT count(*) FROM matching_runseed WHERE entity = %(entity)s",
    }[what]
    cursor.execute(
        statement,
        {"entity": entity, "after": NIL, "since": since or datetime.max, "fingerprint": fingerprint},
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def key_count(cursor: Cursor[Any], entity: str) -> int:
    cursor.execute(
        "SELECT coalesce(sum(cardinality(keys)), 0) FROM matching_preparedrecord WHERE entity = %s", (entity,)
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def clear_pairs(cursor: Cursor[Any], entity: str) -> None:
    cursor.execute("DELETE FROM matching_runpair WHERE entity = %s", (entity,))


def clear_seeds(cursor: Cursor[Any], entity: str) -> None:
    cursor.execute("DELETE FROM matching_runseed WHERE entity = %s", (entity,))


def note_pairs(cursor: Cursor[Any], entity: str, number: int, slices: int, *, cap: int) -> int:
    """Note the pairs that usable keys of a slice make and that no slice before made; return how many."""
    low, high = (-(1 << 63) + (1 << 64) * at // slices for at in (number, number + 1))
    cursor.execute(
        """
        WITH usable AS (
            SELECT array_agg(source_record_id) AS holders FROM matching_blockingkey
            WHERE key >= %(low)s AND key <= %(high)s AND entity = %(entity)s
            GROUP BY key HAVING count(*) BETWEEN 2 AND %(cap)s)
        INSERT INTO matching_runpair (left_id, right_id, entity)
        SELECT DISTINCT l.id, r.id, %(entity)s
        FROM usable u CROSS JOIN LATERAL unnest(u.holders) AS l(id) CROSS JOIN LATERAL unnest(u.holders) AS r(id)
        WHERE l.id < r.id ORDER BY 1, 2 ON CONFLICT DO NOTHING
        """,
        {"entity": entity, "low": low, "high": high - 1, "cap": cap},
    )
    return cursor.rowcount


def next_pairs(cursor: Cursor[Any], entity: str, after: Sequence[str] | None, limit: int) -> list[Pair]:
    """Return the next pairs to score, in order."""
    left, right = after or (NIL, NIL)
    cursor.execute(
        "SELECT left_id, right_id FROM matching_runpair"
        " WHERE entity = %s AND (left_id, right_id) > (%s::uuid, %s::uuid) ORDER BY left_id, right_id LIMIT %s",
        (entity, left, right, limit),
    )
    return cursor.fetchall()


def forms_and_times(
    cursor: Cursor[Any], records: Iterable[UUID]
) -> tuple[dict[UUID, Form], dict[UUID, datetime]]:
    """Return the stored forms without their keys, and when each was made."""
    cursor.execute(
        "SELECT source_record_id, cells, told, fingerprint, prepared_at FROM matching_preparedrecord"
        " WHERE source_record_id = ANY(%s)",
        (list(records),),
    )
    forms, times = {}, {}
    for record, cells, told, fingerprint, prepared_at in cursor:
        forms[record] = Form((), cells, told, fingerprint)
        times[record] = prepared_at
    return forms, times


def replace_range(
    cursor: Cursor[Any],
    entity: str,
    edges: Sequence[Edge],
    versions: Mapping[UUID, datetime],
    *,
    after: Sequence[str] | None,
    upto: Sequence[str] | None,
    since: datetime,
    rule_version: int,
) -> None:
    """Store scored pairs and remove what is stored in their range of ids and is not among them: by another rule, or
    before `since`.

    A pair one of whose records was prepared anew after it was read is left to whoever did that.
    """
    lower, upper = after or (NIL, NIL), upto or (LAST, LAST)
    cursor.execute(
        """
        WITH found AS (
            SELECT f.* FROM unnest(
                %(left)s::uuid[], %(right)s::uuid[], %(weight)s::float8[], %(probability)s::float8[],
                %(band)s::smallint[], %(left_at)s::timestamptz[], %(right_at)s::timestamptz[])
                AS f(left_id, right_id, weight, probability, band, left_at, right_at)
            JOIN matching_preparedrecord l ON l.source_record_id = f.left_id AND l.prepared_at = f.left_at
            JOIN matching_preparedrecord r ON r.source_record_id = f.right_id AND r.prepared_at = f.right_at),
        stale AS (
            DELETE FROM matching_comparedpair e
            WHERE e.entity = %(entity)s AND (e.compared_at < %(since)s OR e.rule_version <> %(version)s)
              AND (e.left_id, e.right_id) > (%(low_left)s::uuid, %(low_right)s::uuid)
              AND (e.left_id, e.right_id) <= (%(high_left)s::uuid, %(high_right)s::uuid)
              AND NOT EXISTS (SELECT 1 FROM found f WHERE f.left_id = e.left_id AND f.right_id = e.right_id))
        INSERT INTO matching_comparedpair AS t
            (left_id, right_id, entity, weight, probability, band, held, rule_version, compared_at)
        SELECT left_id, right_id, %(entity)s, weight, probability, band, false, %(version)s, clock_timestamp()
        FROM found
        ON CONFLICT (left_id, right_id) DO UPDATE SET
            weight = excluded.weight, probability = excluded.probability, band = excluded.band,
            held = t.held AND t.rule_version = excluded.rule_version,
            rule_version = excluded.rule_version, compared_at = excluded.compared_at
        """,
        {
            "entity": entity,
            "version": rule_version,
            "since": since,
            "left": [edge.left for edge in edges],
            "right": [edge.right for edge in edges],
            "weight": [edge.weight for edge in edges],
            "probability": [edge.probability for edge in edges],
            "band": [edge.band for edge in edges],
            "left_at": [versions[edge.left] for edge in edges],
            "right_at": [versions[edge.right] for edge in edges],
            "low_left": lower[0],
            "low_right": lower[1],
            "high_left": upper[0],
            "high_right": upper[1],
        },
    )


def mark_compared(cursor: Cursor[Any], entity: str) -> None:
    """Say that all prepared records were compared: from now on rules decide where they live."""
    cursor.execute(
        "UPDATE matching_preparedrecord SET compared = true WHERE entity = %s AND NOT compared", (entity,)
    )


def connected_ids(cursor: Cursor[Any], entity: str, after: str | None, limit: int) -> list[UUID]:
    """Return the next records that are connected with others, of each connected group the first at least."""
    cursor.execute(
        """
        SELECT p.source_record_id FROM matching_preparedrecord p
        WHERE p.entity = %(entity)s AND p.source_record_id > %(after)s
          AND NOT EXISTS (
              SELECT 1 FROM matching_comparedpair e WHERE e.right_id = p.source_record_id AND (e.band = 2 OR e.held))
          AND (EXISTS (
              SELECT 1 FROM matching_comparedpair e WHERE e.left_id = p.source_record_id AND (e.band = 2 OR e.held))
            OR EXISTS (
              SELECT 1 FROM sources_crosswalk c JOIN sources_crosswalk o
                ON o.record_id = c.record_id AND o.source_record_id <> c.source_record_id
              WHERE c.source_record_id = p.source_record_id))
        ORDER BY p.source_record_id LIMIT %(limit)s
        """,
        {"entity": entity, "after": after or NIL, "limit": limit},
    )
    return [record for (record,) in cursor]


def add_seeds(cursor: Cursor[Any], entity: str, records: Iterable[UUID]) -> None:
    """Have the neighbourhoods of these records decided again by the running re-match."""
    cursor.execute(
        "INSERT INTO matching_runseed (source_record_id, entity) SELECT r, %s FROM unnest(%s::uuid[]) AS r"
        " ON CONFLICT DO NOTHING",
        (entity, sorted(records)),
    )


def next_seeds(cursor: Cursor[Any], entity: str, after: str | None, limit: int) -> list[UUID]:
    cursor.execute(
        "SELECT source_record_id FROM matching_runseed WHERE entity = %s AND source_record_id > %s"
        " ORDER BY source_record_id LIMIT %s",
        (entity, after or NIL, limit),
    )
    return [record for (record,) in cursor]


def open_pair_records(cursor: Cursor[Any], entity: str) -> list[UUID]:
    """Return the first record of every open pair of an entity."""
    cursor.execute(
        "SELECT left_id FROM matching_candidatepair WHERE entity = %s AND status = 'open'", (entity,)
    )
    return [record for (record,) in cursor]
