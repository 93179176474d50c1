"""Faults armed at run time: what a sandbox does wrong, how often, and to which records."""

import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "lock",  # the record is locked for a moment
    "quota",  # the daily or concurrent limit is reached
    "429",  # too many requests, with Retry-After
    "500",
    "503",
    "duplicate",  # the target thinks it knows this record already
    "block",  # a rule of the target forbids the write
    "hang",  # the answer comes after `seconds`
    "drop",  # the write is done, then the connection closes without an answer
    "refuse",  # the connection closes before anything is done
    "stale_read",  # reads give what stood there before the last write
    "silent_change",  # after a write, `field` becomes `value`
    "token_expiry",  # all tokens end now
    "feed_expiry",  # the places that change feeds gave out are forgotten
    "delete",  # the record is gone
    "answer",  # `status`, `body` and `headers` are answered as given
)
IMMEDIATE = frozenset({"token_expiry", "feed_expiry", "delete"})
ON_READ = frozenset({"stale_read"})
AFTER_WRITE = frozenset({"silent_change", "drop"})


@dataclass(slots=True)
class Fault:
    """`times` 0 means until cleared; `obj` and `ext_id` narrow it, `options` are the fault's own."""

    kind: str
    times: int = 1
    obj: str = ""
    ext_id: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def concerns(self, obj: str, ext_id: str) -> bool:
        return (not self.obj or self.obj == obj) and (not self.ext_id or self.ext_id == ext_id)

    def described(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "times": self.times,
            "obj": self.obj,
            "ext_id": self.ext_id,
            **self.options,
        }


class Faults:
    """The armed faults of one sandbox."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []

    def arm(self, described: dict[str, Any]) -> Fault:
        """Arm one fault from its JSON form; ValueError for an unknown kind."""
        options = dict(described)
        kind = str(options.pop("kind", ""))
        if kind not in KINDS:
            raise ValueError(f"there is no fault {kind!r}; known: {', '.join(KINDS)}")
        fault = Fault(
            kind,
            int(options.pop("times", 1)),
            str(options.pop("obj", "")),
            str(options.pop("ext_id", "")),
            options,
        )
        if kind not in IMMEDIATE:
            with self._lock:
                self._armed.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[Fault]:
        with self._lock:
            return list(self._armed)

    def take(self, kinds: frozenset[str], obj: str, ext_id: str = "") -> Fault | None:
        """Return an armed fault of these kinds for a record and count it down."""
        with self._lock:
            for fault in self._armed:
                if fault.kind in kinds and fault.concerns(obj, ext_id):
                    if fault.times == 1:
                        self._armed.remove(fault)
                    elif fault.times > 1:
                        fault.times -= 1
                    return fault
        return None


BEFORE_WRITE = frozenset(KINDS) - IMMEDIATE - ON_READ - AFTER_WRITE
