"""Identifiers: time-ordered UUIDs (RFC 9562, version 7) and UUIDs derived from names."""

import os
import threading
import time
from hashlib import sha1
from uuid import UUID

_NAMESPACE = UUID("6f2c1f3e-0a5b-5d0e-9c55-6d646d687562")
_NAMESPACE_BYTES = _NAMESPACE.bytes
_lock = threading.Lock()
_last = 0


def uuid7() -> UUID:
    """Return a new UUIDv7; within one interpreter each is greater than the one before."""
    global _last
    with _lock:
        # 48 bits of milliseconds and 12 of their fraction, bumped when two calls share a tick.
        ticks = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = ticks
    value = (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64
    value |= 0b10 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return UUID(int=value)


def derived_uuid(*parts: object) -> UUID:
    """Return the same UUIDv5 for the same parts, on every machine."""
    digest = sha1(_NAMESPACE_BYTES + "\x1f".join(map(str, parts)).encode(), usedforsecurity=False).digest()
    value = int.from_bytes(digest[:16], "big")
    # As uuid5() does, but for its detours: version 5 and the variant of RFC 9562 in their places.
    return UUID(int=value & ~(0xF000 << 64) & ~(0xC000 << 48) | 5 << 76 | 0x8000 << 48)
