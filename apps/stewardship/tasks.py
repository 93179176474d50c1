"""Celery tasks of stewardship. Losing one is harmless: what is claimed stays claimed until a run settles it."""

from uuid import UUID

from celery import shared_task

from apps.audit.context import Actor, acting
from apps.core.clock import utcnow
from apps.golden.registry import entities
from apps.matching.models import PatternDecision
from apps.matching.services import rate_open_pairs
from apps.stewardship.services import check_invariants, restore_pattern, settle_pattern
from apps.stewardship.services.proposing import release_expired_pins

_S = PatternDecision.Status


@shared_task(name="stewardship.settle_pattern", ignore_result=True)
def settle(pattern: str) -> None:
    """Answer the pairs that a decision on a pattern claimed."""
    settle_pattern(pattern_id=UUID(pattern), now=utcnow())


@shared_task(name="stewardship.restore_pattern", ignore_result=True)
def restore(pattern: str) -> None:
    """Take a decision on a pattern back."""
    restore_pattern(pattern_id=UUID(pattern), now=utcnow())


@shared_task(name="stewardship.release_expired_pins", ignore_result=True)
def end_pins() -> None:
    """End pins whose time is over; the rules decide again."""
    release_expired_pins(now=utcnow())


@shared_task(name="stewardship.rate_reviews", ignore_result=True)
def rate_reviews() -> None:
    """Rate the review queue anew, and go on with decisions on patterns that a stopped worker left half done."""
    now = utcnow()
    for spec in entities.values():
        if spec.match.features:
            rate_open_pairs(entity_name=spec.name, now=now)
    for decision in PatternDecision.objects.filter(status__in=(_S.RUNNING, _S.UNDOING)):
        name = decision.undone_by if decision.status == _S.UNDOING else decision.decided_by
        with acting(Actor(name=name), reason=decision.undo_reason or decision.reason):
            carry_out = restore_pattern if decision.status == _S.UNDOING else settle_pattern
            carry_out(pattern_id=decision.pk, now=now)


@shared_task(name="stewardship.check_invariants", ignore_result=True)
def check_all_invariants() -> None:
    """Check every invariant over all records: what changed without a write, such as a day that has come."""
    check_invariants(now=utcnow())
