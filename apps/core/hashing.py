"""Content hashes: equal content gives equal bytes in every process and on every day."""

from hashlib import blake2b

import orjson


def content_hash(content: object) -> bytes:
    """Return 16 bytes that stand for a JSON-able value, whatever the order of its keys."""
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return blake2b(packed, digest_size=16).digest()
