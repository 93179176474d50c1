"""The keys of a bulk lookup: plain ones are read without the schema, which costs more than looking them up."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpRequest

from apps.api.schema.entity import MOST_KEYS

Keys = tuple[list[str | None], list[str | None], list[UUID | None]]
"""Systems, keys and golden ids, as long as what was asked."""

_PAIR, _ID = {"system", "key"}, {"id"}
_LONGEST = {"system": 40, "key": 200}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def plain_keys(request: HttpRequest) -> Keys | None:
    """Return what a body asks that is plainly valid; None where the schema has to say what is wrong, if anything."""
    if request.content_type != "application/json" or b"\\u0000" in request.body:
        return None
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    keys = content.get("keys") if isinstance(content, dict) and len(content) == 1 else None
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        return None
    return keys_of(keys) if all(map(_is_plain, keys)) else None


def _is_plain(each: Any) -> bool:
    if not isinstance(each, dict):
        return False
    if each.keys() == _PAIR:
        texts = ((name, each[name]) for name in _PAIR)
        return all(isinstance(text, str) and 0 < len(text) <= _LONGEST[name] for name, text in texts)
    return each.keys() == _ID and isinstance(each["id"], str) and _UUID.fullmatch(each["id"]) is not None


def keys_of(keys: Sequence[Mapping[str, Any]]) -> Keys:
    """Return the parallel arrays of valid keys."""
    return (
        [each.get("system") for each in keys],
        [each.get("key") for each in keys],
        [UUID(each["id"]) if "id" in each else None for each in keys],
    )
