"""Access tokens: kept until they expire or are refused, fetched by one thread while the others wait."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apps.connectors.contracts import Failure, Response

_EARLY = 30.0  # seconds before its end that a token is no longer handed out


class SignInFailed(Exception):
    """The target gave no token; `failure` says why in the hub's terms."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Token:
    """`lifetime` in seconds, None when the target does not say; `facts` is what came along with it."""

    value: str = field(repr=False)
    lifetime: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class TokenCache:
    """One token for all threads of a process."""

    def __init__(self, fetch: Callable[[], Token], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._until = 0.0

    def get(self) -> Token:
        """Return the present token, fetching one when there is none; SignInFailed when that fails."""
        token = self._token
        if token is not None and self._clock() < self._until:
            return token
        with self._lock:
            if self._token is None or self._clock() >= self._until:
                fetched = self._fetch()
                lifetime = float("inf") if fetched.lifetime is None else max(fetched.lifetime - _EARLY, 1.0)
                self._token, self._until = fetched, self._clock() + lifetime
            return self._token

    def refused(self, token: Token) -> None:
        """Forget `token`; a newer one that another thread fetched meanwhile stays."""
        with self._lock:
            if self._token is token:
                self._token = None


def with_fresh_token(tokens: TokenCache, send: Callable[[Token], Response]) -> Response:
    """Send with the present token; when the target refuses it (401), once more with a new one."""
    token = tokens.get()
    answer = send(token)
    if answer.status != 401:
        return answer
    tokens.refused(token)
    return send(tokens.get())
