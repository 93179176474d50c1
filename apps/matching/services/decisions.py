"""People's decisions on pairs: binding until a person takes them back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg import Cursor

from apps.audit.context import current
from apps.audit.history import write_history
from apps.audit.services import record_deed
from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.core.errors import NotFound
from apps.core.ids import uuid7
from apps.matching import storage
from apps.matching.models import CandidatePair, PairDecision, PairStatus, Verdict
from apps.matching.storage import ordered

_COLUMNS = (
    "id", "entity", "left_id", "right_id", "verdict", "reason", "decided_by", "decided_at", "withdrawn_at",
    "rule_version", "evidence", "pattern_id",
)  # fmt: skip
Seen = tuple[UUID, UUID, int | None, Any]
"""Two source records in order, the rule version and the evidence a person saw of them, if any."""


def answer_pair(
    *, pair: CandidatePair, verdict: Verdict, reason: str, now: datetime, pattern_id: UUID | None = None
) -> None:
    """Store a person's answer to a review pair, which the caller has locked, and bind its records by it."""
    with raw_cursor() as cursor:
        _answer(cursor, [pair.pk], verdict, reason, now, pattern_id)
    pair.refresh_from_db(fields=["status", "decided_by", "decided_at", "reason"])


@transaction.atomic
def answer_pairs(
    *, pair_ids: Sequence[UUID], verdict: Verdict, reason: str, now: datetime, pattern_id: UUID | None = None
) -> int:
    """Store one answer to many open pairs in a constant number of statements; return how many were open."""
    with raw_cursor() as cursor:
        return _answer(cursor, pair_ids, verdict, reason, now, pattern_id)


def _answer(
    cursor: Cursor[Any],
    pair_ids: Sequence[UUID],
    verdict: Verdict,
    reason: str,
    now: datetime,
    pattern_id: UUID | None,
) -> int:
    status = PairStatus.MATCH if verdict == Verdict.MATCH else PairStatus.NOT_MATCH
    cursor.execute(
        """
        UPDATE matching_candidatepair SET status = %s, decided_by = %s, decided_at = %s, reason = %s, pattern_id = %s
        WHERE id IN (
            SELECT id FROM matching_candidatepair WHERE id = ANY(%s) AND status = 'open' ORDER BY id FOR UPDATE)
        RETURNING id, entity, left_id, right_id, rule_version, evidence
        """,
        (status, current().actor.name, now, reason, pattern_id, list(pair_ids)),
    )
    rows = cursor.fetchall()
    write_history(cursor, CandidatePair, [row[0] for row in rows], kind="~", now=now)
    by_entity: dict[str, list[Seen]] = {}
    for _, entity, *seen in rows:
        by_entity.setdefault(entity, []).append((seen[0], seen[1], seen[2], seen[3]))
    for entity, pairs in by_entity.items():
        _bind(cursor, entity, pairs, verdict, reason, now, pattern_id)
    return len(rows)


@transaction.atomic
def bind_pairs(
    *, entity: str, pairs: Iterable[tuple[UUID, UUID]], verdict: Verdict, reason: str, now: datetime
) -> None:
    """Bind pairs of source records by a decision, in place of an earlier one on the same pair.

    A pair that was compared keeps with the decision what its stored comparison showed.
    """
    both = sorted({ordered(*pair) for pair in pairs})
    if not both:
        return
    lefts, rights = [left for left, _ in both], [right for _, right in both]
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT t.l, t.r, p.rule_version, p.evidence FROM unnest(%s::uuid[], %s::uuid[]) AS t(l, r)
            LEFT JOIN matching_candidatepair p ON p.left_id = t.l AND p.right_id = t.r
            """,
            (lefts, rights),
        )
        _bind(cursor, entity, cursor.fetchall(), verdict, reason, now, None)


def _bind(
    cursor: Cursor[Any],
    entity: str,
    pairs: Sequence[Seen],
    verdict: Verdict,
    reason: str,
    now: datetime,
    pattern_id: UUID | None,
) -> None:
    cursor.execute(
        """
        UPDATE matching_pairdecision d SET withdrawn_at = %s FROM unnest(%s::uuid[], %s::uuid[]) AS t(l, r)
        WHERE d.left_id = t.l AND d.right_id = t.r AND d.withdrawn_at IS NULL RETURNING d.id
        """,
        (now, [left for left, *_ in pairs], [right for _, right, *_ in pairs]),
    )
    write_history(cursor, PairDecision, [key for (key,) in cursor.fetchall()], kind="~", now=now)
    name = current().actor.name
    rows = [
        (
            uuid7(), entity, left, right, verdict, reason, name, now, None, version,
            None if evidence is None else as_json(evidence), pattern_id,
        )
        for left, right, version, evidence in pairs
    ]  # fmt: skip
    copy_rows(cursor, "matching_pairdecision", _COLUMNS, rows)
    write_history(cursor, PairDecision, [row[0] for row in rows], kind="+", now=now)


def close_settled_pairs(*, record_ids: Iterable[UUID], now: datetime) -> None:
    """Take open pairs off the queue whose two records have become one of these golden records."""
    with raw_cursor() as cursor:
        members = list(storage.housemates_of(cursor, record_ids))
        storage.close_settled_pairs(cursor, members, now=now)


@transaction.atomic
def withdraw_decision(*, decision_id: UUID, reason: str, now: datetime) -> None:
    """Take a decision back: rules may decide on the pair again, and it returns to the queue. Raises NotFound."""
    decision = PairDecision.objects.select_for_update().filter(pk=decision_id).first()
    if decision is None:
        raise NotFound("There is no such decision.")
    if withdraw_decisions(decision_ids=[decision_id], now=now):
        record_deed(
            verb="withdraw decision", entity=decision.entity, subject=str(decision.pk), reason=reason, now=now
        )


@transaction.atomic
def withdraw_decisions(*, decision_ids: Sequence[UUID], now: datetime) -> int:
    """Take decisions back, set-based; return how many stood. Their pairs wait again unless their records are one."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE matching_pairdecision SET withdrawn_at = %s WHERE id = ANY(%s) AND withdrawn_at IS NULL"
            " RETURNING id, left_id, right_id",
            (now, list(decision_ids)),
        )
        rows = cursor.fetchall()
        write_history(cursor, PairDecision, [row[0] for row in rows], kind="~", now=now)
        cursor.execute(
            """
            UPDATE matching_candidatepair p SET decided_by = '', reason = '', pattern_id = NULL,
                status = CASE WHEN l.record_id = r.record_id THEN 'obsolete' ELSE 'open' END,
                decided_at = CASE WHEN l.record_id = r.record_id THEN %s::timestamptz END
            FROM unnest(%s::uuid[], %s::uuid[]) AS t(l, r)
            LEFT JOIN sources_crosswalk l ON l.source_record_id = t.l
            LEFT JOIN sources_crosswalk r ON r.source_record_id = t.r
            WHERE p.left_id = t.l AND p.right_id = t.r AND p.status IN ('match', 'not_match') RETURNING p.id
            """,
            (now, [row[1] for row in rows], [row[2] for row in rows]),
        )
        write_history(cursor, CandidatePair, [key for (key,) in cursor.fetchall()], kind="~", now=now)
    return len(rows)
