"""A clock that starts at the caller's `now` and runs on: no delivery reads the machine's wall clock."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RunningClock:
    """`now()` is `start` plus what has passed since this was made."""

    start: datetime
    _origin: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=time.monotonic() - self._origin)
