"""The gate of a target: how many lanes may go out now, by pause, hold, breaker, concurrency and rate."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from apps.connectors.models import Connection
from apps.core.errors import NotFound
from apps.distribution.engine.breaker import Breaker, admits, probing
from apps.distribution.engine.delays import LEASE
from apps.distribution.models import TargetState


@dataclass(frozen=True, slots=True)
class Opening:
    """`slots` lanes may go out; when none, `reason` says why ("" means all slots are taken)."""

    slots: int
    reason: str = ""


def connection_called(code: str) -> Connection:
    rows = Connection.objects.select_related("delivery_state").defer("catalog")  # which may be megabytes
    connection = rows.filter(code=code).first()
    if connection is None:
        raise NotFound(f"There is no connection {code!r}; create it or correct the name.")
    return connection


def locked_state(connection: Connection) -> TargetState:
    """Return the target's state FOR UPDATE, made with defaults when it is the first time."""
    TargetState.objects.bulk_create([TargetState(connection=connection)], ignore_conflicts=True)
    return TargetState.objects.select_for_update().get(connection=connection)


def breaker_of(state: TargetState) -> Breaker:
    position = state.breaker_state
    return Breaker(
        position="open" if position == "open" else "half_open" if position == "half_open" else "closed",
        open_until=state.open_until,
        trips=state.trips,
        fail_run=state.fail_run,
        fail_lanes=tuple(state.fail_lanes),
        recent=state.recent,
    )


def store_breaker(state: TargetState, breaker: Breaker) -> None:
    """Put a breaker into the row; the caller saves it."""
    state.breaker_state, state.open_until = breaker.position, breaker.open_until
    state.trips, state.fail_run = breaker.trips, breaker.fail_run
    state.fail_lanes, state.recent = list(breaker.fail_lanes), breaker.recent


def why_closed(state: TargetState, *, enabled: bool, now: datetime) -> str:
    """Tell why nothing may go out at all; "" when something may."""
    if not enabled:
        return "disabled"
    if state.paused:
        return "paused"
    if state.hold_until and state.hold_until > now:
        return state.hold_code or "held"
    return "breaker_open" if admits(breaker_of(state), now=now) == "none" else ""


def opening(state: TargetState, *, enabled: bool, out: int, now: datetime) -> Opening:
    """Tell how many lanes may be claimed beside those `out`; refills the rate budget in `state` without saving it."""
    if reason := why_closed(state, enabled=enabled, now=now):
        return Opening(0, reason)
    # After a rest, one finds out whether the target is well again.
    if admits(breaker_of(state), now=now) == "one" or state.hold_run:
        return Opening(0 if out else 1)
    slots = max(0, state.max_inflight * state.batch_size - out)
    if state.rate_per_second is None:
        return Opening(slots)
    _refill(state, state.rate_per_second, now)
    allowed = int(state.tokens)
    return Opening(min(slots, allowed * state.batch_size), "rate" if slots and not allowed else "")


def _refill(state: TargetState, rate: float, now: datetime) -> None:
    """Add what has accrued; at most one second's worth (at least one call) can be saved up."""
    most = max(rate, 1.0)
    passed = (now - state.tokens_at).total_seconds() if state.tokens_at else None
    state.tokens = most if passed is None else min(most, state.tokens + max(0.0, passed) * rate)
    state.tokens_at = now


def charge(state: TargetState, claimed: int, *, now: datetime) -> None:
    """Take claimed lanes off the rate budget, note a probe, and save what that changes; mostly nothing."""
    breaker = breaker_of(state)
    if not claimed or (state.rate_per_second is None and breaker.position == "closed"):
        return
    if state.rate_per_second is not None:
        state.tokens -= ceil(claimed / state.batch_size)
    if breaker.position != "closed":
        store_breaker(state, probing(breaker, until=now + LEASE))
    state.save()
