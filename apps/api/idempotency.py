"""A request that is sent again under its Idempotency-Key is answered again, never done again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from apps.api.models import IdempotencyKey
from apps.api.problems import MalformedRequest
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, HubError
from apps.core.json import dumps, loads

KEPT = timedelta(hours=24)
_PRUNED_AT_ONCE = 200
_KEY = re.compile(r"[!-~]{1,200}")


class KeyMissing(MalformedRequest):
    code = "idempotency_key_missing"
    title = "Name this request with an Idempotency-Key header"


class KeyReused(HubError):
    code = "idempotency_key_reused"
    title = "This Idempotency-Key belongs to another request"
    status = 422


class InFlight(Conflict):
    code = "request_in_flight"
    title = "The same request is being carried out right now"


@dataclass(frozen=True, slots=True)
class Effect:
    """What a request did, as it is answered now and on every repetition."""

    status: int
    content: dict[str, Any]
    location: str = ""
    repeated: bool = False


def checked_key(header: str | None) -> str:
    """Return the key of a request. Raises KeyMissing."""
    if header is None or not _KEY.fullmatch(header):
        raise KeyMissing(
            "Send a key of your own, 1 to 200 visible ASCII characters, new for each new request."
        )
    return header


def fingerprint(*parts: bytes) -> bytes:
    """Return 32 bytes that stand for what a request asks."""
    return sha256(b"\0".join(sha256(part).digest() for part in parts)).digest()


@transaction.atomic
def do_once(*, user_id: int, key: str, asked: bytes, now: datetime, effect: Callable[[], Effect]) -> Effect:
    """Carry out `effect` in one transaction with its key, or return what it answered the first time.

    A failure leaves neither effect nor key. Raises InFlight while another process does the same, KeyReused when the
    key was given to a request with another fingerprint.
    """
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"idempotency {user_id} {key}",)
        )
        [(free,)] = cursor.fetchall()
    if not free:
        raise InFlight("Wait a second and send it again with the same key.")
    known = IdempotencyKey.objects.filter(user_id=user_id, key=key).first()
    if known is not None and known.expires_at > now:
        if bytes(known.fingerprint) != asked:
            raise KeyReused("Use a new key for a new request.")
        return Effect(known.status, loads(known.answer), known.location, repeated=True)
    done = effect()
    IdempotencyKey.objects.update_or_create(
        user_id=user_id,
        key=key,
        defaults={
            "fingerprint": asked,
            "status": done.status,
            "answer": dumps(done.content).decode(),
            "location": done.location,
            "created_at": now,
            "expires_at": now + KEPT,
        },
    )
    _prune(now)
    return done


def _prune(now: datetime) -> None:
    """Forget some keys whose time is over; locked ones are left to whoever holds them."""
    with raw_cursor() as cursor:
        cursor.execute(
            "DELETE FROM api_idempotencykey WHERE id IN (SELECT id FROM api_idempotencykey WHERE expires_at < %s"
            " LIMIT %s FOR UPDATE SKIP LOCKED)",
            (now, _PRUNED_AT_ONCE),
        )
