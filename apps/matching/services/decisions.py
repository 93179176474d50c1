"""People's decisions on pairs: binding until a person takes them back."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.context import current
from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.matching import storage
from apps.matching.models import CandidatePair, PairDecision, PairStatus, Verdict
from apps.matching.storage import ordered


def answer_pair(*, pair: CandidatePair, verdict: Verdict, reason: str, now: datetime) -> None:
    """Store a person's answer to a review pair, which the caller has locked, and bind its records by it."""
    pair.status = PairStatus.MATCH if verdict == Verdict.MATCH else PairStatus.NOT_MATCH
    pair.decided_by, pair.decided_at, pair.reason = current().actor.name, now, reason
    pair.save(update_fields=["status", "decided_by", "decided_at", "reason"])
    bind_pairs(
        entity=pair.entity, pairs=[(pair.left_id, pair.right_id)], verdict=verdict, reason=reason, now=now
    )


@transaction.atomic
def bind_pairs(
    *, entity: str, pairs: Iterable[tuple[UUID, UUID]], verdict: Verdict, reason: str, now: datetime
) -> None:
    """Bind pairs of source records by a decision, in place of an earlier one on the same pair."""
    for left, right in sorted({ordered(*pair) for pair in pairs}):
        for old in PairDecision.objects.select_for_update().filter(
            left=left, right=right, withdrawn_at__isnull=True
        ):
            old.withdrawn_at = now
            old.save(update_fields=["withdrawn_at"])
        PairDecision.objects.create(
            entity=entity, left_id=left, right_id=right, verdict=verdict, reason=reason, decided_at=now
        )


def close_settled_pairs(*, record_id: UUID, now: datetime) -> None:
    """Take open pairs off the queue whose two records have become this one golden record."""
    with raw_cursor() as cursor:
        members = list(storage.housemates_of(cursor, [record_id]))
        storage.close_settled_pairs(cursor, members, now=now)


@transaction.atomic
def withdraw_decision(*, decision_id: UUID, reason: str, now: datetime) -> None:
    """Take a decision back: rules may decide on the pair again."""
    decision = PairDecision.objects.select_for_update().get(pk=decision_id)
    if decision.withdrawn_at is None:
        decision.withdrawn_at = now
        decision.save(update_fields=["withdrawn_at"])
        record_deed(
            verb="withdraw decision", entity=decision.entity, subject=str(decision.pk), reason=reason, now=now
        )
