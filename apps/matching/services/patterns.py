"""A decision on a whole pattern of evidence: claim its open pairs, settle them chunk by chunk, let them go again."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, Invalid
from apps.matching.models import PairDecision, PatternDecision, Verdict
from apps.matching.services.decisions import withdraw_decisions
from apps.matching.signatures import SIGNATURE

LEAST_CHECKED = 5
"""Pairs of the sample a person must have looked at before deciding all (or all, where there are fewer)."""


class PatternGone(Conflict):
    code = "pattern_gone"
    title = "No open pair has this pattern any more"


@transaction.atomic
def claim_pattern(
    *, entity: str, signature: str, verdict: Verdict, reason: str, checked: Sequence[UUID], now: datetime
) -> PatternDecision:
    """Write down a decision on all open pairs of a signature and claim them; settling them comes after.

    Raises PatternGone, and Invalid without a reason or when too few pairs of the sample were looked at.
    """
    if not reason.strip():
        raise Invalid("Say why: the reason stands beside every pair it decides.")
    with raw_cursor() as cursor:
        cursor.execute(
            f"SELECT p.id FROM matching_candidatepair p WHERE p.entity = %s AND p.status = 'open'"
            f" AND p.pattern_id IS NULL AND {SIGNATURE} = %s ORDER BY p.id FOR UPDATE",
            (entity, signature),
        )
        pairs = [key for (key,) in cursor]
        if not pairs:
            raise PatternGone("Somebody decided them, or later data answered them.")
        looked = set(checked) & set(pairs)
        if len(looked) < min(LEAST_CHECKED, len(pairs)):
            raise Invalid(
                f"Look at {min(LEAST_CHECKED, len(pairs))} pairs of the sample before you decide all."
            )
        decision = PatternDecision.objects.create(
            entity=entity, signature=signature, verdict=verdict, reason=reason.strip(), pairs=len(pairs),
            checked=len(looked), decided_by_id=current().actor.user_id, decided_at=now,
        )  # fmt: skip
        cursor.execute(
            "UPDATE matching_candidatepair SET pattern_id = %s WHERE id = ANY(%s)", (decision.pk, pairs)
        )
    record_deed(
        verb="decide pattern", entity=entity, subject=str(decision.pk), reason=reason, now=now,
        detail={"verdict": str(verdict), "pairs": len(pairs), "signature": signature},
    )  # fmt: skip
    return decision


def claimed_pairs(*, pattern_id: UUID, limit: int) -> list[tuple[UUID, bool]]:
    """Return pairs a running pattern decision still has to settle, locked, each with whether its records are one."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, coalesce(l.record_id = r.record_id, false)
            FROM matching_candidatepair p LEFT JOIN sources_crosswalk l ON l.source_record_id = p.left_id
            LEFT JOIN sources_crosswalk r ON r.source_record_id = p.right_id
            WHERE p.pattern_id = %s AND p.status = 'open' ORDER BY p.id LIMIT %s FOR UPDATE OF p
            """,
            (pattern_id, limit),
        )
        return cursor.fetchall()


def release_pair(*, decision: PatternDecision, pair_id: UUID, why: str) -> None:
    """Give a pair that could not be settled back to the queue, and say why."""
    decision.refused = [*decision.refused, {"pair": str(pair_id), "reason": why[:300]}]
    decision.save(update_fields=["refused"])
    with raw_cursor() as cursor:
        cursor.execute("UPDATE matching_candidatepair SET pattern_id = NULL WHERE id = %s", (pair_id,))


@transaction.atomic
def withdraw_pattern(*, pattern_id: UUID, now: datetime) -> int:
    """Take back what a pattern decision said of each pair; return how many decisions stood."""
    standing = PairDecision.objects.filter(pattern=pattern_id, withdrawn_at__isnull=True)
    return withdraw_decisions(decision_ids=list(standing.values_list("pk", flat=True)), now=now)
