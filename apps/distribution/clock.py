"""A clock that starts at the caller's `now` and runs on: no delivery reads the machine's wall clock."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


def passed() -> float:
    """Return seconds from some beginning, which go on while the machine is suspended: leases run out meanwhile, too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class RunningClock:
    """`now()` is `start` plus what has passed since this was made."""

    start: datetime
    _origin: float = field(default_factory=passed)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=passed() - self._origin)
