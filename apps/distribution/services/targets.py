"""Verbs on targets: pause, resume, limits."""

from datetime import datetime

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.core.errors import Invalid
from apps.distribution.engine.breaker import Breaker
from apps.distribution.gate import connection_called, locked_state, store_breaker
from apps.distribution.hints import kick_targets, notify_lanes


class LimitRefused(Invalid):
    code = "limit_refused"
    title = "The limits of a target are at least one call at a time and one record per call"


def pause_target(*, target: str, actor: Actor, reason: str, now: datetime) -> None:
    """Stop deliveries to a target; calls on their way finish, changes queue up in order."""
    connection = connection_called(target)
    with acting(actor, reason=reason), transaction.atomic():
        state = locked_state(connection)
        state.paused, state.paused_reason = True, reason[:300]
        state.save()
        record_deed(verb="target.paused", now=now, subject=target)


def resume_target(*, target: str, actor: Actor, reason: str, now: datetime) -> None:
    """Let deliveries go on at once: whoever resumes vouches for the target, so breaker and hold go too."""
    connection = connection_called(target)
    with acting(actor, reason=reason), transaction.atomic():
        state = locked_state(connection)
        state.paused, state.paused_reason = False, ""
        state.hold_until, state.hold_code, state.hold_note, state.hold_run = None, "", "", 0
        store_breaker(state, Breaker())
        state.save()
        record_deed(verb="target.resumed", now=now, subject=target)
        notify_lanes()
        transaction.on_commit(lambda: kick_targets([target]), robust=True)


def set_target_limits(
    *,
    target: str,
    max_inflight: int,
    batch_size: int,
    rate_per_second: float | None,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Say how many calls may be out at one time, how many records one carries, how many start a second."""
    if max_inflight < 1 or batch_size < 1 or (rate_per_second is not None and rate_per_second <= 0):
        raise LimitRefused
    connection = connection_called(target)
    with acting(actor, reason=reason), transaction.atomic():
        state = locked_state(connection)
        state.max_inflight, state.batch_size, state.rate_per_second = (
            max_inflight,
            batch_size,
            rate_per_second,
        )
        state.save()
        detail = {"max_inflight": max_inflight, "batch_size": batch_size, "rate_per_second": rate_per_second}
        record_deed(verb="target.limited", now=now, subject=target, detail=dict(detail))
