"""Signed cursors: where a page ended, bound to the list and the filters it belongs to."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

import orjson
from django.conf import settings

from apps.api.problems import MalformedRequest
from apps.core.json import dumps

_MAC_BYTES = 12


class InvalidCursor(MalformedRequest):
    code = "invalid_cursor"
    title = "This cursor does not belong to this list"


def seal(purpose: object, position: list[Any]) -> str:
    """Return the cursor of a position; `purpose` is the list with its filters, any JSON-able value."""
    packed = dumps(position)
    return urlsafe_b64encode(_mac(purpose, packed) + packed).rstrip(b"=").decode()


def unseal(purpose: object, cursor: str) -> list[Any]:
    """Return the position in a cursor. Raises InvalidCursor when it was not sealed for this purpose."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (ValueError, UnicodeEncodeError):
        raise _refusal() from None
    mac, packed = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(purpose, packed)):
        raise _refusal()
    position: list[Any] = orjson.loads(packed)
    return position


def _mac(purpose: object, packed: bytes) -> bytes:
    key = sha256(b"api cursor\0" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, dumps(purpose) + b"\0" + packed, "sha256")[:_MAC_BYTES]


def _refusal() -> InvalidCursor:
    detail = "Take `next` of the page before, with the same filters, or begin without a cursor."
    return InvalidCursor(detail, errors=[{"parameter": "cursor", "code": "invalid", "detail": detail}])
