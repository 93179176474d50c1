"""The circuit breaker of a target: a pure function from state and results to the next state."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

RUN = 5
"""So many failures in a row on at least LANES lanes open it,"""
LANES = 3
WINDOW = 20
"""or half of so many results."""
_LONGEST = timedelta(minutes=10)

Position = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Breaker:
    position: Position = "closed"
    open_until: datetime | None = None
    trips: int = 0
    fail_run: int = 0
    fail_lanes: tuple[int, ...] = ()
    recent: str = ""


def after_results(breaker: Breaker, results: list[tuple[int, bool]], *, now: datetime) -> Breaker:
    """Return the breaker after these results, oldest first: (lane, whether the target answered well)."""
    for lane, good in results:
        breaker = _after_one(breaker, lane, good, now)
    return breaker


def _after_one(breaker: Breaker, lane: int, good: bool, now: datetime) -> Breaker:
    if good:
        if breaker.position == "open":  # a call that began before it opened: no proof that the target is well
            return breaker
        if breaker.position == "half_open":
            return Breaker()
        return replace(breaker, trips=0, fail_run=0, fail_lanes=(), recent=(breaker.recent + "1")[-WINDOW:])
    if breaker.position == "half_open":
        return _opened(breaker, now)
    lanes = breaker.fail_lanes if lane in breaker.fail_lanes else (*breaker.fail_lanes, lane)[-LANES:]
    failed = replace(
        breaker, fail_run=breaker.fail_run + 1, fail_lanes=lanes, recent=(breaker.recent + "0")[-WINDOW:]
    )
    if failed.position == "open":
        return failed
    in_a_row = failed.fail_run >= RUN and len(failed.fail_lanes) >= LANES
    half = len(failed.recent) == WINDOW and failed.recent.count("0") * 2 >= WINDOW
    return _opened(failed, now) if in_a_row or half else failed


def _opened(breaker: Breaker, now: datetime) -> Breaker:
    wait = min(_LONGEST, timedelta(seconds=30 * 2 ** min(breaker.trips, 6)))
    return replace(breaker, position="open", open_until=now + wait, trips=breaker.trips + 1, recent="")


def admits(breaker: Breaker, *, now: datetime) -> Literal["all", "one", "none"]:
    """Tell how many lanes may go out: one probe once an open breaker's time is over.

    `half_open` keeps `open_until` as the time by which the probe must have answered.
    """
    if breaker.position == "closed":
        return "all"
    return "one" if breaker.open_until is None or breaker.open_until <= now else "none"


def probing(breaker: Breaker, *, until: datetime) -> Breaker:
    """Return the breaker with a probe on its way; another may go out if none has answered by `until`."""
    return replace(breaker, position="half_open", open_until=until)
