"""Who acts, why, and in which business transaction: carried along in a context variable.

The edges (web middleware, API authentication, Celery tasks, commands) open an `acting` block;
every history row, audit event and outbox event written inside takes its words from it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from apps.core.ids import uuid7

ActorKind = Literal["user", "service", "system"]
_HEADER = "mdm_acting"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a service client or the hub itself (`user_id` None)."""

    name: str
    user_id: int | None = None
    kind: ActorKind = "system"


@dataclass(frozen=True, slots=True)
class Acting:
    actor: Actor
    reason: str
    correlation_id: UUID


SYSTEM = Actor(name="system")
_current: ContextVar[Acting | None] = ContextVar("mdm_acting", default=None)


def current() -> Acting:
    """Return who acts now; outside every block the hub itself does, in a transaction of its own."""
    return _current.get() or Acting(actor=SYSTEM, reason="", correlation_id=uuid7())


@contextmanager
def acting(actor: Actor, *, reason: str = "", correlation_id: UUID | None = None) -> Iterator[Acting]:
    """Say who acts and why inside the block; an inner block keeps the outer correlation id."""
    outer = _current.get()
    inherited = outer.correlation_id if outer else uuid7()
    block = Acting(actor=actor, reason=reason, correlation_id=correlation_id or inherited)
    token = _current.set(block)
    try:
        yield block
    finally:
        _current.reset(token)


@contextmanager
def because(reason: str) -> Iterator[Acting]:
    """Narrow the reason of the running block."""
    token = _current.set(replace(current(), reason=reason))
    try:
        yield current()
    finally:
        _current.reset(token)


def to_headers() -> dict[str, dict[str, str | int | None]]:
    """Return the running block as message headers for a Celery task."""
    now = current()
    return {
        _HEADER: {
            "name": now.actor.name,
            "user_id": now.actor.user_id,
            "kind": now.actor.kind,
            "reason": now.reason,
            "correlation_id": str(now.correlation_id),
        }
    }


def from_headers(headers: Mapping[str, object] | None) -> Acting | None:
    """Return the block that `to_headers` packed, or None when the message carries none."""
    packed = (headers or {}).get(_HEADER)
    if not isinstance(packed, Mapping):
        return None
    kind = packed.get("kind")
    return Acting(
        actor=Actor(
            name=str(packed.get("name") or "system"),
            user_id=packed["user_id"] if isinstance(packed.get("user_id"), int) else None,
            kind=kind if kind in ("user", "service", "system") else "system",
        ),
        reason=str(packed.get("reason") or ""),
        correlation_id=UUID(str(packed["correlation_id"])),
    )
