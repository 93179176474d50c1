"""How long to wait before the next attempt."""

from datetime import timedelta
from random import Random

LEASE = timedelta(seconds=20)
"""A worker renews its leases at a third of this; a killed worker's lanes are free again after it."""
HORIZON = timedelta(hours=72)
"""A version that could not be delivered for this long becomes a dead letter."""
LONGEST = timedelta(hours=8)
LONGEST_RETRY_AFTER = timedelta(hours=24)
LONGEST_WAIT = timedelta(minutes=10)
_FIRST = 5.0
_POWERS = 12  # 5 s * 3^12 is beyond LONGEST already; keeps the power small whatever the counter says


def retry_delay(*, failures: int, seed: object, retry_after: float | None = None) -> timedelta:
    """Return the wait after the `failures`-th failure in a row (from 1), half to one and a half of 5 s * 3^n.

    The jitter follows from `seed`, so one lane's delays are the same in every run. The target's own
    Retry-After (seconds) is a floor, capped at a day.
    """
    grown = min(LONGEST.total_seconds(), _FIRST * 3 ** min(max(failures - 1, 0), _POWERS))
    spread = grown * Random(f"{seed}/{failures}").uniform(0.5, 1.5)
    floor = min(max(retry_after or 0.0, 0.0), LONGEST_RETRY_AFTER.total_seconds())
    return timedelta(seconds=max(floor, spread))


def wait_delay(*, waited: timedelta) -> timedelta:
    """Return when to look again for a parent: after half the time waited so far, 2 s to 10 min.

    Its arrival wakes the lane at once; this is the fallback.
    """
    return min(LONGEST_WAIT, max(timedelta(seconds=2), waited / 2))


def hold_delay(*, holds: int, retry_after: float | None) -> timedelta:
    """Return how long a target rests after the `holds`-th hold in a row (from 1): 15 s doubling to 10 min."""
    if retry_after is not None and retry_after > 0:
        return timedelta(seconds=min(retry_after, LONGEST_RETRY_AFTER.total_seconds()))
    return timedelta(seconds=min(600.0, 15.0 * 2 ** min(max(holds - 1, 0), 6)))
