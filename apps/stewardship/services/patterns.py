"""Decide all pairs of one evidence pattern at once, chunk by chunk, and take the whole back."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.roles import Capability
from apps.audit.context import acting, current
from apps.audit.services import record_deed
from apps.core.errors import Conflict, HubError, Invalid
from apps.mastering.models import Merge
from apps.mastering.services import take_turn
from apps.matching.models import PairDecision, PatternDecision, Verdict
from apps.matching.services import (
    answer_pairs,
    claim_pattern,
    claimed_pairs,
    release_pair,
    withdraw_decisions,
    withdraw_pattern,
)
from apps.stewardship.authority import demand
from apps.stewardship.services.merges import decide_pair
from apps.stewardship.services.parting import undo_merge

CHUNK = 100
"""Pairs of one transaction: others who decide wait no longer than that takes."""
_S = PatternDecision.Status


@transaction.atomic
def decide_pattern(
    *, entity_name: str, signature: str, verdict: Verdict, reason: str, checked: Sequence[UUID], now: datetime
) -> PatternDecision:
    """Claim every open pair of a signature for one answer; `settle_pattern` carries it out, here or in a worker.

    `checked` are the pairs of the sample the person looked at. Raises Denied, Invalid, PatternGone.
    """
    demand(Capability.DECIDE)
    take_turn()
    return claim_pattern(
        entity=entity_name, signature=signature, verdict=verdict, reason=reason, checked=checked, now=now
    )


def settle_pattern(*, pattern_id: UUID, now: datetime) -> PatternDecision:
    """Answer the claimed pairs, each chunk in a transaction of its own; one that is refused goes back to the queue.

    Each pair is answered as if alone: vetoes, never-matches and approvals hold. Safe to call again after a stop.
    """
    demand(Capability.DECIDE)
    with acting(current().actor, reason=current().reason, correlation_id=pattern_id):
        while _settle_chunk(pattern_id, now):
            pass
    return PatternDecision.objects.get(pk=pattern_id)


@transaction.atomic
def _settle_chunk(pattern_id: UUID, now: datetime) -> bool:
    take_turn()
    decision = PatternDecision.objects.select_for_update().get(pk=pattern_id)
    if decision.status != _S.RUNNING:
        return False
    pairs = claimed_pairs(pattern_id=pattern_id, limit=CHUNK)
    verdict = Verdict(decision.verdict)
    if not pairs:
        decision.status = _S.DONE
        decision.save(update_fields=["status"])
        return False
    apart = [pair for pair, one in pairs if not one] if verdict == Verdict.NEVER else []
    answer_pairs(pair_ids=apart, verdict=verdict, reason=decision.reason, now=now, pattern_id=pattern_id)
    for pair in [pair for pair, _ in pairs if pair not in set(apart)]:
        try:
            with transaction.atomic():
                decide_pair(
                    pair_id=pair, verdict=verdict, reason=decision.reason, now=now, pattern_id=pattern_id
                )
        except HubError as refusal:
            release_pair(decision=decision, pair_id=pair, why=str(refusal))
    return True


@transaction.atomic
def undo_pattern(*, pattern_id: UUID, reason: str, now: datetime) -> PatternDecision:
    """Begin to take a pattern decision back; `restore_pattern` carries it out. Raises Conflict, Invalid, Denied."""
    demand(Capability.DECIDE)
    if not reason.strip():
        raise Invalid("Say why it is taken back.")
    take_turn()
    decision = PatternDecision.objects.select_for_update().get(pk=pattern_id)
    if decision.status != _S.DONE:
        raise Conflict(f"It is {decision.get_status_display()}; only a finished decision is taken back.")
    decision.status, decision.undone_at = _S.UNDOING, now
    decision.undone_by, decision.undo_reason = current().actor.name, reason.strip()
    decision.save(update_fields=["status", "undone_at", "undone_by", "undo_reason"])
    record_deed(
        verb="undo pattern", entity=decision.entity, subject=str(pattern_id), reason=reason, now=now,
        detail={"verdict": decision.verdict, "pairs": decision.pairs},
    )  # fmt: skip
    return decision


def restore_pattern(*, pattern_id: UUID, now: datetime) -> PatternDecision:
    """Undo its merges, the newest first, and its decisions; the pairs wait again.

    Each merge is a transaction of its own. Safe to call again after a stop, and by several workers at once.
    """
    demand(Capability.DECIDE)
    merges = Merge.objects.filter(correlation_id=pattern_id, unmerged_at__isnull=True).order_by(
        "-merged_at", "-pk"
    )
    for merge_id in list(merges.values_list("pk", flat=True)):
        _undo_one(merge_id, pattern_id, now)
    with transaction.atomic():
        decision = _locked(pattern_id)
        if decision.status == _S.UNDOING:
            withdraw_pattern(pattern_id=pattern_id, now=now)
            decision.status = _S.UNDONE
            decision.save(update_fields=["status"])
    return decision


def _locked(pattern_id: UUID) -> PatternDecision:
    take_turn()
    return PatternDecision.objects.select_for_update().get(pk=pattern_id)


@transaction.atomic
def _undo_one(merge_id: UUID, pattern_id: UUID, now: datetime) -> None:
    """Undo one merge. Undoing binds both sides apart: not here, where nothing is said of them any more."""
    decision = _locked(pattern_id)
    done = Merge.objects.filter(pk=merge_id, unmerged_at__isnull=False).exists()
    if decision.status != _S.UNDOING or done or _was_refused(decision, merge_id):
        return  # another worker was quicker
    known = set(
        PairDecision.objects.filter(decided_at=now, entity=decision.entity).values_list("pk", flat=True)
    )
    try:
        with transaction.atomic():
            undo_merge(merge_id=merge_id, reason=decision.undo_reason, now=now)
    except HubError as refusal:
        decision.refused = [*decision.refused, {"merge": str(merge_id), "reason": str(refusal)[:300]}]
        decision.save(update_fields=["refused"])
        return
    bound = PairDecision.objects.filter(
        decided_at=now, entity=decision.entity, verdict=Verdict.NEVER, withdrawn_at__isnull=True,
        decided_by=current().actor.name,
    )  # fmt: skip
    new = [key for key in bound.values_list("pk", flat=True) if key not in known]
    withdraw_decisions(decision_ids=new, now=now)


def _was_refused(decision: PatternDecision, merge_id: UUID) -> bool:
    return any(each.get("merge") == str(merge_id) for each in decision.refused)
