"""Signatures of requests that systems send to the hub, and of those it sends: compared in constant time."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from apps.connectors.contracts import Message, Notice, Posted, WebhookRefused
from apps.connectors.settings import ConnectorSettings

MAX_AGE = timedelta(minutes=5)
MAX_ID = 200
INBOUND = "inbound_secret"
"""The secret that is the hub's to make; any other is given out by the system, which uses it for more than webhooks."""
PREVIOUS = "previous_"
"""Before the name of a secret: the one of before, which is good as well while senders move to the new one."""


class NoWebhooks:
    """For systems that send no webhooks of their own."""

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        raise WebhookRefused("This system sends no signed webhooks; its changes are pulled.")

    def read_message(self, content: object) -> tuple[Notice, ...]:
        return ()


def secrets_called(settings: ConnectorSettings, name: str) -> tuple[str, ...]:
    """Return the secret of a name and the one of before. Raises WebhookRefused when none is set."""
    found = tuple(text for each in (name, PREVIOUS + name) if (text := settings.secret(each)))
    if not found:
        raise WebhookRefused(f"This connection has no {name} to check webhooks with; set it.")
    return found


def signed_text(secret: bytes, text: bytes) -> str:
    """Return the base64 HMAC-SHA256 that both HubSpot and Standard Webhooks use."""
    return base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()


def is_same(mine: str, given: str) -> bool:
    return hmac.compare_digest(mine.encode(), given.encode())


def is_one_of(mine: tuple[str, ...], given: list[str]) -> bool:
    """Tell whether a given text is one of mine; all are compared, whichever it is."""
    return sum(is_same(one, other) for one in mine for other in given) > 0


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


def verify_standard(secrets: tuple[str, ...], posted: Posted, now: datetime) -> Message:
    """Return the message of a request signed as Standard Webhooks says. Raises WebhookRefused."""
    identifier, timestamp = posted.header("webhook-id"), posted.header("webhook-timestamp")
    check_age(timestamp, now, unit=1.0)
    mine = tuple(standard_signature(secret, identifier, timestamp, posted.body) for secret in secrets)
    good = is_one_of(mine, posted.header("webhook-signature").split())
    if not good or not 0 < len(identifier) <= MAX_ID:
        raise WebhookRefused("The signature is not that of this connection.")
    return Message(identifier, content_of(posted.body))


def content_of(body: bytes) -> Any:
    """Return a body as JSON value that can be stored, as text where it is none."""
    if b"\\u0000" not in body:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return body.decode("utf-8", errors="replace").replace("\x00", "␀").replace("\\u0000", "␀")


def id_of_content(content: object) -> str:
    """Return an id for a message whose sender gave it none: that of what it says."""
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return "sha256:" + hashlib.sha256(packed).hexdigest()
