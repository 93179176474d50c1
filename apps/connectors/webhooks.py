"""Signatures of requests that targets send to the hub, and of those it sends: compared in constant time."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from apps.connectors.contracts import Notice, Posted, WebhookRefused

MAX_AGE = timedelta(minutes=5)


class NoWebhooks:
    """For systems that send no signed requests."""

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Notice, ...]:
        raise WebhookRefused("This system sends no signed webhooks; its changes are pulled.")


def signed_text(secret: bytes, text: bytes) -> str:
    """Return the base64 HMAC-SHA256 that both HubSpot and Standard Webhooks use."""
    return base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()


def is_same(mine: str, given: str) -> bool:
    return hmac.compare_digest(mine.encode(), given.encode())


def check_age(milliseconds: str, now: datetime, *, unit: float = 1000.0) -> None:
    """Raise WebhookRefused for a timestamp that is no number or over five minutes off; `unit` per second."""
    try:
        at = datetime.fromtimestamp(float(milliseconds) / unit, UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookRefused("The request carries no readable timestamp.") from None
    if abs(now - at) > MAX_AGE:
        raise WebhookRefused("The request is over five minutes old; requests like it are not accepted again.")


def key_bytes(secret: str) -> bytes:
    """Return the key of a Standard Webhooks secret `whsec_<base64>`; of any other text its bytes."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def standard_signature(secret: str, identifier: str, timestamp: str, body: bytes) -> str:
    """Return one `v1,...` signature over `id.timestamp.body`."""
    return "v1," + signed_text(key_bytes(secret), f"{identifier}.{timestamp}.".encode() + body)
