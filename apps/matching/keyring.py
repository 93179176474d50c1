"""The SQL of prepared records and blocking keys: who shares a key with whom, at a bounded cost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.matching.prepared import Form

Pair = tuple[UUID, UUID]


def read_forms(cursor: Cursor[Any], ids: Iterable[UUID]) -> dict[UUID, Form]:
    """Return the stored forms of these records."""
    wanted = list(ids)
    if not wanted:
        return {}
    cursor.execute(
        "SELECT source_record_id, keys, cells, told, fingerprint, compared FROM matching_preparedrecord"
        " WHERE source_record_id = ANY(%s)",
        (wanted,),
    )
    return {record: Form(tuple(keys), *rest) for record, keys, *rest in cursor}


def read_contents(cursor: Cursor[Any], ids: Iterable[UUID]) -> dict[UUID, Form]:
    """Return the stored forms of these records without their keys, which are most of what there is to read."""
    wanted = list(ids)
    if not wanted:
        return {}
    cursor.execute(
        "SELECT source_record_id, cells, told, fingerprint, compared FROM matching_preparedrecord"
        " WHERE source_record_id = ANY(%s)",
        (wanted,),
    )
    return {record: Form((), *rest) for record, *rest in cursor}


def write_forms(
    cursor: Cursor[Any],
    entity: str,
    forms: Mapping[UUID, Form],
    old: Mapping[UUID, Form],
) -> None:
    """Store forms and their keys in place of the `old` ones of the same records, under the entity's lock."""
    before = {record: set(form.keys) for record, form in old.items()}
    gone = [(record, key) for record, keys in before.items() for key in keys.difference(forms[record].keys)]
    if gone:
        cursor.execute(
            # From the given keys on: planned over an empty table, a join would begin at the other end for ever.
            "DELETE FROM matching_blockingkey WHERE ctid = ANY(ARRAY("
            " SELECT b.ctid FROM unnest(%s::uuid[], %s::bigint[]) AS g(record, key) CROSS JOIN LATERAL ("
            " SELECT ctid FROM matching_blockingkey WHERE key = g.key AND source_record_id = g.record OFFSET 0) b))",
            ([record for record, _ in gone], [key for _, key in gone]),
        )
    added = [
        set(form.keys) - before[record] if record in before else form.keys for record, form in forms.items()
    ]
    cursor.execute(
        """
        WITH written AS (
            INSERT INTO matching_preparedrecord
                (source_record_id, entity, keys, cells, told, compared, fingerprint, prepared_at)
            SELECT f.id, %(entity)s, f.keys::bigint[], f.cells, f.told, f.compared, %(fingerprint)s, clock_timestamp()
            FROM unnest(%(ids)s::uuid[], %(keys)s::text[], %(cells)s::text[], %(told)s::text[],
                        %(compared)s::boolean[]) AS f(id, keys, cells, told, compared)
            ORDER BY f.id
            ON CONFLICT (source_record_id) DO UPDATE SET
                keys = excluded.keys, cells = excluded.cells, told = excluded.told, compared = excluded.compared,
                fingerprint = excluded.fingerprint, prepared_at = excluded.prepared_at)
        INSERT INTO matching_blockingkey (key, source_record_id, entity)
        SELECT k.key, f.id, %(entity)s
        FROM unnest(%(ids)s::uuid[], %(added)s::text[]) AS f(id, added)
        CROSS JOIN LATERAL unnest(f.added::bigint[]) AS k(key)
        ORDER BY 1
        """,
        {
            "entity": entity,
            "fingerprint": next(iter(forms.values())).fingerprint,
            "ids": list(forms),
            "keys": [_array(form.keys) for form in forms.values()],
            "added": [_array(keys) for keys in added],
            "cells": [form.cells for form in forms.values()],
            "told": [form.told for form in forms.values()],
            "compared": [form.compared for form in forms.values()],
        },
    )


def _array(keys: Iterable[int]) -> str:
    return "{" + ",".join(map(str, keys)) + "}"


def shared_keys(
    cursor: Cursor[Any], forms: Mapping[UUID, Form], old: Mapping[UUID, Form], *, cap: int
) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs to compare after these forms were written, and the compared pairs that may have lost their key.

    Records that share a key of at most `cap` records are compared. A key that grows beyond the cap joins nobody any
    more, and one that shrinks to it joins all its holders: so what is compared depends on the records that are
    there, not on the order in which they came.
    """
    added: Counter[int] = Counter()
    removed: Counter[int] = Counter()
    for record, before in old.items():
        mine, its = set(forms[record].keys), set(before.keys)
        added.update(mine - its)
        removed.update(its - mine)
    moved = list(added | removed)
    cursor.execute(
        """
        WITH asked AS MATERIALIZED (
            SELECT f.id, f.new, k.key
            FROM unnest(%(ids)s::uuid[], %(new)s::boolean[]) AS f(id, new)
            JOIN matching_preparedrecord p ON p.source_record_id = f.id CROSS JOIN LATERAL unnest(p.keys) AS k(key)),
        moved AS (
            SELECT key, sum(added)::int AS added, sum(removed)::int AS removed FROM (
                SELECT key, new::int AS added, 0 AS removed FROM asked
                UNION ALL
                SELECT * FROM unnest(%(keys)s::bigint[], %(added)s::int[], %(removed)s::int[])) AS each
            GROUP BY key),
        held AS MATERIALIZED (
            SELECT m.key, h.holders, h.n <= %(cap)s AS usable, h.n - m.added + m.removed <= %(cap)s AS was_usable
            FROM moved m CROSS JOIN LATERAL (
                SELECT count(*) AS n, array_agg(found.id) AS holders FROM (
                    SELECT b.source_record_id AS id FROM matching_blockingkey b
                    WHERE b.key = m.key LIMIT %(cap)s + 1 + m.added) AS found) AS h
            WHERE h.n > 1)
        SELECT DISTINCT least(a.id, o.id), greatest(a.id, o.id), false
        FROM held h JOIN asked a ON a.key = h.key CROSS JOIN LATERAL unnest(h.holders) AS o(id)
        WHERE h.usable AND o.id <> a.id
        UNION ALL
        SELECT l.id, r.id, false
        FROM held h CROSS JOIN LATERAL unnest(h.holders) AS l(id) CROSS JOIN LATERAL unnest(h.holders) AS r(id)
        WHERE h.usable AND NOT h.was_usable AND l.id < r.id
        UNION ALL
        SELECT e.left_id, e.right_id, true
        FROM held h JOIN matching_comparedpair e
          ON e.left_id = ANY(h.holders) AND e.right_id = ANY(h.holders) AND NOT e.held
        WHERE h.was_usable AND NOT h.usable
        """,
        {
            "ids": list(forms),
            "new": [record not in old for record in forms],
            "keys": moved,
            "added": [added[key] for key in moved],
            "removed": [removed[key] for key in moved],
            "cap": cap,
        },
    )
    pairs: list[Pair] = []
    doubtful: list[Pair] = []
    for left, right, lost in cursor:
        (doubtful if lost else pairs).append((left, right))
    return pairs, doubtful


def without_key(cursor: Cursor[Any], pairs: Sequence[Pair], *, cap: int) -> list[Pair]:
    """Return those of the pairs whose records share no key of at most `cap` records."""
    if not pairs:
        return []
    cursor.execute(
        """
        SELECT DISTINCT e.one, e.other
        FROM unnest(%(ones)s::uuid[], %(others)s::uuid[]) AS e(one, other)
        JOIN matching_preparedrecord l ON l.source_record_id = e.one
        JOIN matching_preparedrecord r ON r.source_record_id = e.other
        WHERE NOT EXISTS (
            SELECT 1 FROM unnest(l.keys) AS k(key)
            WHERE k.key = ANY(r.keys) AND %(cap)s >= (SELECT count(*) FROM (
                SELECT 1 FROM matching_blockingkey b WHERE b.key = k.key LIMIT %(cap)s + 1) AS held))
        """,
        {"ones": [one for one, _ in pairs], "others": [other for _, other in pairs], "cap": cap},
    )
    return cursor.fetchall()


def holders_of(
    cursor: Cursor[Any], keys: Sequence[int], *, cap: int, lone: int
) -> dict[UUID, tuple[Form, UUID]]:
    """Return the stored records that have one of these keys, with the golden record each belongs to.

    Keys of more than `cap` records find nothing; one of more than `lone` only beside another key.
    """
    cursor.execute(
        """
        SELECT p.source_record_id, c.record_id, p.keys, p.cells, p.told, p.fingerprint, p.compared FROM (
            SELECT o.id FROM unnest(%(keys)s::bigint[]) AS k(key) CROSS JOIN LATERAL (
                SELECT array_agg(found.id) AS holders, count(*) AS n FROM (
                    SELECT b.source_record_id AS id FROM matching_blockingkey b
                    WHERE b.key = k.key LIMIT %(cap)s + 1) AS found
                HAVING count(*) <= %(cap)s) AS h CROSS JOIN LATERAL unnest(h.holders) AS o(id)
            GROUP BY o.id HAVING count(*) > 1 OR min(h.n) <= %(lone)s) AS usable
        JOIN matching_preparedrecord p ON p.source_record_id = usable.id
        JOIN sources_crosswalk c ON c.source_record_id = usable.id
        """,
        {"keys": list(keys), "cap": cap, "lone": lone},
    )
    return {record: (Form(tuple(own), *rest), home) for record, home, own, *rest in cursor}
