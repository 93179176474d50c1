"""What a merge or an unmerge by a person says about all pairs of the members of two sides, set-based."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from uuid import UUID

from django.db import transaction

from apps.audit.context import current
from apps.audit.history import create_with_history, write_history
from apps.core.bulk import raw_cursor
from apps.matching.models import CandidatePair, PairDecision, Verdict
from apps.matching.storage import ordered

_WITHDRAW = """
UPDATE matching_pairdecision d SET withdrawn_at = %s
FROM unnest(%s::uuid[], %s::uuid[]) AS p(one, other)
WHERE d.left_id = p.one AND d.right_id = p.other AND d.withdrawn_at IS NULL AND d.verdict = ANY(%s)
RETURNING d.id
"""
_ANSWER = """
UPDATE matching_candidatepair c SET status = 'not_match', decided_by = %s, decided_at = %s, reason = %s
FROM unnest(%s::uuid[], %s::uuid[]) AS p(one, other)
WHERE c.left_id = p.one AND c.right_id = p.other AND c.status <> 'not_match' RETURNING c.id
"""
_SETTLE = """
UPDATE matching_candidatepair c SET status = 'obsolete', decided_by = '', reason = '', pattern_id = NULL,
    decided_at = %s
FROM unnest(%s::uuid[], %s::uuid[]) AS p(one, other)
WHERE c.left_id = p.one AND c.right_id = p.other AND c.status = 'not_match' RETURNING c.id
"""


@transaction.atomic
def separate_members(
    *, entity: str, one: Sequence[UUID], other: Sequence[UUID], reason: str, now: datetime
) -> int:
    """Bind every pair across two sides by never-match, in place of what was decided before; return how many.

    Their candidate pairs are answered with it. A constant number of statements.
    """
    pairs = sorted({ordered(*pair) for pair in product(one, other)})
    lefts, rights = [left for left, _ in pairs], [right for _, right in pairs]
    with raw_cursor() as cursor:
        cursor.execute(_WITHDRAW, (now, lefts, rights, list(Verdict.values)))
        write_history(cursor, PairDecision, [key for (key,) in cursor.fetchall()], kind="~", now=now)
        cursor.execute(_ANSWER, (current().actor.name, now, reason, lefts, rights))
        write_history(cursor, CandidatePair, [key for (key,) in cursor.fetchall()], kind="~", now=now)
    decisions = [
        PairDecision(
            entity=entity,
            left_id=left,
            right_id=right,
            verdict=Verdict.NEVER,
            reason=reason,
            decided_at=now,
        )
        for left, right in pairs
    ]
    create_with_history(decisions, now=now)
    return len(pairs)


@transaction.atomic
def let_members_unite(*, sides: Iterable[Sequence[UUID]], now: datetime) -> int:
    """Withdraw the never-match decisions between members of these sides: a person makes them one.

    Their candidate pairs, answered with no, have nothing to ask any more. Returns how many decisions stood.
    """
    listed = [list(side) for side in sides]
    pairs = sorted(
        {
            ordered(*pair)
            for at, side in enumerate(listed)
            for other in listed[at + 1 :]
            for pair in product(side, other)
        }
    )
    with raw_cursor() as cursor:
        cursor.execute(
            _WITHDRAW, (now, [left for left, _ in pairs], [right for _, right in pairs], [Verdict.NEVER])
        )
        withdrawn = [key for (key,) in cursor.fetchall()]
        write_history(cursor, PairDecision, withdrawn, kind="~", now=now)
        cursor.execute(_SETTLE, (now, [left for left, _ in pairs], [right for _, right in pairs]))
        write_history(cursor, CandidatePair, [key for (key,) in cursor.fetchall()], kind="~", now=now)
    return len(withdrawn)
