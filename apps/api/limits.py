"""Rate limit in process: one token bucket per client, its quota divided among the web processes."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from apps.core.errors import HubError

WINDOW_SECONDS = 60
MOST_CLIENTS = 50_000
UNKNOWN_CALLERS_SHARE = 100
"""Callers without a valid token get a hundredth of a client's quota, per address."""


class RateLimited(HubError):
    code = "rate_limited"
    title = "Too many requests"
    status = 429


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of one request: `wait` is 0 when it may go on, else seconds until it may."""

    quota: int
    remaining: int
    reset: int
    wait: int

    def refuse_above(self) -> None:
        """Raise RateLimited when this request is one too many."""
        if self.wait:
            raise RateLimited(f"Wait {self.wait} s, then go on more slowly.")

    def headers(self) -> list[tuple[str, str]]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers; with Retry-After when refused."""
        fields = [
            ("RateLimit-Policy", f'"client";q={self.quota};w={WINDOW_SECONDS}'),
            ("RateLimit", f'"client";r={self.remaining};t={self.reset}'),
        ]
        return [*fields, ("Retry-After", str(self.wait))] if self.wait else fields


class Buckets:
    """Token buckets that fill up within one window; a bucket that is full again need not be kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: dict[object, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, client: object, *, quota: int, cost: float = 1.0) -> Taken:
        """Take `cost` requests from a client's bucket; one dearer than the quota passes a full bucket."""
        rate = quota / WINDOW_SECONDS
        with self._lock:
            now = self._clock()
            level, at = self._levels.get(client, (quota, now))
            level = min(quota, level + (now - at) * rate)
            wanted = min(cost, quota)
            refused = level < wanted
            if not refused:
                level -= wanted
            if len(self._levels) >= MOST_CLIENTS:
                self._levels.clear()
            self._levels[client] = (level, now)
        return Taken(
            quota=quota,
            remaining=int(level),
            reset=math.ceil((quota - level) / rate),
            wait=max(1, math.ceil((wanted - level) / rate)) if refused else 0,
        )

    def empty(self) -> None:
        self._levels.clear()


buckets = Buckets()
strangers = Buckets()
"""Apart from the clients, whose buckets no flood from many addresses may reset."""


def client_quota() -> int:
    """Return the requests per minute this process grants one client."""
    per_minute: int = settings.API_RATE_PER_MINUTE // settings.API_PROCESSES
    return max(1, per_minute)


def take_for_client(user_id: int, cost: float = 1.0) -> Taken:
    return buckets.take(user_id, quota=client_quota(), cost=cost)


def take_for_connection(code: str) -> Taken:
    """Take from the bucket of a system whose requests are signed well."""
    return buckets.take(("connection", code), quota=client_quota())


def take_for_address(address: str) -> Taken:
    """Take from the bucket of a network address whose callers have shown no valid token."""
    return strangers.take(address, quota=max(1, client_quota() // UNKNOWN_CALLERS_SHARE))
