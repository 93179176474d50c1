"""A landscape as bytes, and what rules must have in common to share one."""

import io
import zlib
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np

from apps.matching.engine import Measured, Model, Pairs
from apps.matching.landscape import Landscape
from apps.matching.rule import Rule


def yardstick_of(model: Model) -> str:
    """Name what comparing depends on besides records and configuration: how usual words and values are."""
    parts = {name: a.to_json() for name, a in sorted(model.attributes.items())}
    text = repr([(name, p["values"], p["words"], p["grams"]) for name, p in parts.items()])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def pack(landscape: Landscape) -> bytes:
    """Return ids, pairs and measurements, compressed."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        ids=np.frombuffer(b"".join(record.bytes for record in landscape.ids), np.uint8),
        left=landscape.pairs.left,
        right=landscape.pairs.right,
        passes=landscape.pairs.passes,
        levels=landscape.measured.levels,
        shares=landscape.measured.shares,
    )
    return zlib.compress(buffer.getbuffer(), 1)


def unpack(payload: bytes) -> Landscape:
    """Return what was packed; the records themselves are not in it."""
    with np.load(io.BytesIO(zlib.decompress(payload))) as arrays:
        raw = arrays["ids"].tobytes()
        ids = [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]
        pairs = Pairs(arrays["left"], arrays["right"], arrays["passes"])
        return Landscape(ids, pairs, Measured(arrays["levels"], arrays["shares"]))


def shape_of(rule: Rule) -> dict[str, Any]:
    """Return what rules must share to share a snapshot."""
    return {
        "entity": rule.entity,
        "fingerprint": rule.fingerprint,
        "yardstick": yardstick_of(rule.model),
        "cap": rule.config.frequency_cap,
    }
