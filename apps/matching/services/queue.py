"""Open as many reviews as the queue has room for, the worthiest first; the others wait and are counted."""

from datetime import datetime
from typing import Any

from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.core.errors import Invalid
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.contracts import QueueFilled
from apps.matching.keyring import Pair, read_forms
from apps.matching.models import PairStatus, ReviewLimit
from apps.matching.rematch_sql import open_pair_records
from apps.matching.reviewing import Chosen, room_for_reviews, store_evidence
from apps.matching.rule import Rule
from apps.matching.scoring import score

OPENED_AT_ONCE = 1_000

_WAITING = """
    WITH asked AS (
        SELECT least(l.record_id, r.record_id) AS one, greatest(l.record_id, r.record_id) AS other
        FROM (SELECT left_id, right_id FROM matching_candidatepair
              WHERE entity = %(entity)s AND status IN ('open', 'not_match')
              UNION SELECT left_id, right_id FROM matching_pairdecision
              WHERE entity = %(entity)s AND withdrawn_at IS NULL) AS p
        JOIN sources_crosswalk l ON l.source_record_id = p.left_id
        JOIN sources_crosswalk r ON r.source_record_id = p.right_id),
    likest AS (
        SELECT DISTINCT ON (least(l.record_id, r.record_id), greatest(l.record_id, r.record_id))
            e.left_id, e.right_id, e.band, e.probability, l.record_id AS one, r.record_id AS other
        FROM matching_comparedpair e
        JOIN sources_crosswalk l ON l.source_record_id = e.left_id
        JOIN sources_crosswalk r ON r.source_record_id = e.right_id
        WHERE e.entity = %(entity)s AND l.record_id <> r.record_id AND NOT EXISTS (
            SELECT 1 FROM asked a
            WHERE a.one = least(l.record_id, r.record_id) AND a.other = greatest(l.record_id, r.record_id))
        ORDER BY least(l.record_id, r.record_id), greatest(l.record_id, r.record_id),
                 e.probability DESC, e.left_id, e.right_id)
    SELECT w.left_id, w.right_id, count(*) OVER () FROM likest w
    CROSS JOIN LATERAL (
        SELECT count(*) AS members FROM sources_crosswalk c WHERE c.record_id IN (w.one, w.other)) AS size
    ORDER BY CASE WHEN w.band = 2 THEN 1.0 ELSE 4 * w.probability * (1 - w.probability) END
             * (1 + ln(size.members)) DESC, w.left_id, w.right_id
    LIMIT %(limit)s
"""
"""Pairs to ask about, one for two golden records. What a decision is worth: how open the question is, times how much
hangs on it. Strong evidence that something else contradicts (a veto, a cluster cut in two) is the most open of all."""


def fill_review_queue(
    *, spec: EntitySpec, rule: Rule, most: int = OPENED_AT_ONCE, now: datetime
) -> QueueFilled:
    """Open up to `most` of the waiting reviews, in the running transaction, and note how many still wait."""
    with raw_cursor() as cursor:
        room = room_for_reviews(cursor, spec.name)
        cursor.execute(_WAITING, {"entity": spec.name, "limit": max(1, min(room, most))})
        rows = cursor.fetchall()
        waiting = rows[0][2] if rows else 0
        opened = _open(cursor, spec, rule, [row[:2] for row in rows], now=now) if room else 0
        left = max(0, waiting - (len(rows) if room else 0))
    ReviewLimit.objects.update_or_create(entity=spec.name, defaults={"left_out": left, "counted_at": now})
    return QueueFilled(opened, left, full=room <= len(rows))


def _open(cursor: Cursor[Any], spec: EntitySpec, rule: Rule, pairs: list[Pair], *, now: datetime) -> int:
    forms = read_forms(cursor, {record for pair in pairs for record in pair})
    known = [pair for pair in pairs if pair[0] in forms and pair[1] in forms]
    if not known:
        return 0
    compared = score(rule, forms, known)
    chosen: Chosen = [(at, PairStatus.OPEN) for at in range(len(compared.pairs))]
    return store_evidence(cursor, spec, rule, compared, chosen, now=now)


def close_answered_pairs(*, spec: EntitySpec, now: datetime) -> int:
    """Take open pairs off the queue that later data answered, one way or the other; return how many."""
    with raw_cursor() as cursor:
        ids = open_pair_records(cursor, spec.name)
        closed = storage.close_settled_pairs(cursor, ids, now=now)
        if spec.match.strategy == "fuzzy":
            closed += storage.close_unlike_pairs(cursor, ids, now=now)
    return closed


def limit_reviews(*, entity_name: str, most: int) -> ReviewLimit:
    """Set how many reviews of an entity may be open at once; more that are open already stay. Raises Invalid."""
    if most < 1:
        raise Invalid("At least one review must be allowed; to stop reviews altogether, raise the threshold.")
    limit, _ = ReviewLimit.objects.update_or_create(entity=entity_name, defaults={"most": most})
    return limit
