"""JSON as the hub writes it: orjson, decimals as strings, no NUL characters (PostgreSQL has none)."""

from decimal import Decimal
from typing import Any

import orjson


def plain(value: object) -> object:
    """Return what JSON can hold in place of a value that it has no form for. Raises TypeError."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, frozenset | set | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def dumps(value: object) -> bytes:
    """Return compact UTF-8 JSON; dates as ISO strings, decimals as strings."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_NON_STR_KEYS)


def loads(text: bytes | str) -> Any:
    return orjson.loads(text)
