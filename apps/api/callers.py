"""Who calls: bearer tokens resolved to principals, remembered in this process for at most 30 seconds."""

import threading
import time
from collections.abc import Callable

from apps.accounts.contracts import Principal
from apps.accounts.models import User
from apps.accounts.selectors import principal_of_token
from apps.accounts.services import note_token_use, token_digest
from apps.core.clock import utcnow

REMEMBERED_SECONDS = 30.0
REMEMBERED_TOKENS = 10_000


class Remembered:
    """Principals by token digest. A revoked or expired token is refused 30 seconds later at the latest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, tuple[float, Principal]] = {}
        self._lock = threading.Lock()

    def warm(self, token: str) -> Principal | None:
        """Return the principal without asking the database; None when it is not remembered."""
        entry = self._known.get(token_digest(token))
        return entry[1] if entry and entry[0] > self._clock() else None

    def principal(self, token: str) -> Principal | None:
        """Return the principal of a live token, or None. Unknown tokens are never remembered."""
        if known := self.warm(token):
            return known
        now = utcnow()
        found = principal_of_token(token=token, now=now)
        digest = token_digest(token)
        with self._lock:
            if len(self._known) >= REMEMBERED_TOKENS:
                self._known.clear()
            if found is None:
                self._known.pop(digest, None)
                return None
            self._known[digest] = (self._clock() + REMEMBERED_SECONDS, found)
        note_token_use(token=token, now=now)
        return found

    def forget(self) -> None:
        self._known.clear()


remembered = Remembered()


def bearer_token(header: str) -> str | None:
    """Return the token of an Authorization header, or None when it is of another scheme."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def principal_of_user(user: User) -> Principal:
    return Principal(user_id=user.pk, username=user.username, capabilities=user.capabilities)
