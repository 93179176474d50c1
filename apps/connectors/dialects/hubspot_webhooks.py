"""HubSpot's webhooks: the v3 signature, and what its batches of events say."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from apps.connectors.contracts import Message, Notice, Posted, WebhookRefused, WebhookUnreadable
from apps.connectors.webhooks import MAX_ID, check_age, content_of, id_of_content, is_one_of, signed_text

_OBJECTS = {
    "company": "companies",
    "deal": "deals",
    "contact": "contacts",
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-53": "invoices",
    "0-970": "projects",
}
_KINDS: dict[str, Literal["created", "changed", "deleted", "merged"]] = {
    "creation": "created",
    "restore": "created",
    "propertyChange": "changed",
    "associationChange": "changed",
    "deletion": "deleted",
    "privacyDeletion": "deleted",
    "merge": "merged",
}
# HubSpot signs the address with these written out, whatever came over the wire.
_WRITTEN_OUT = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ATTEMPT = "attemptNumber"


def signature_v3(secret: str, posted: Posted, timestamp: str) -> str:
    """Return the signature over method, address, body and timestamp."""
    url = posted.url
    for escaped, plain in _WRITTEN_OUT.items():
        url = url.replace(escaped, plain)
    return signed_text(
        secret.encode(), posted.method.encode() + url.encode() + posted.body + timestamp.encode()
    )


def verify_v3(secrets: tuple[str, ...], posted: Posted, now: datetime) -> tuple[Message, ...]:
    """Return the events of a signed request, each a message; WebhookRefused when it is not HubSpot's or too old."""
    timestamp = posted.header("x-hubspot-request-timestamp")
    check_age(timestamp, now)
    mine = tuple(signature_v3(secret, posted, timestamp) for secret in secrets)
    if not is_one_of(mine, [posted.header("x-hubspot-signature-v3")]):
        raise WebhookRefused("The signature is not that of this connection.")
    content = content_of(posted.body)
    events = content if isinstance(content, list) else [content]
    # An event that comes again tells how often it was tried; nothing else of it may differ.
    told = [_without(event, _ATTEMPT) if isinstance(event, dict) else event for event in events]
    return tuple({_identity(event): Message(_identity(event), event) for event in told}.values())


def _without(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


def _identity(event: Any) -> str:
    """Return what names an event: HubSpot's event ids alone are not unique."""
    if isinstance(event, dict):
        parts = (event.get("eventId"), event.get("subscriptionId"), _native(event), event.get("occurredAt"))
        if all(part is not None for part in parts):
            return "-".join(str(part) for part in parts)[:MAX_ID]
    return id_of_content(event)


def _native(event: Mapping[str, Any]) -> Any:
    return event.get("objectId", event.get("fromObjectId"))


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise WebhookUnreadable("The event's occurredAt is no time in milliseconds.") from None


def read_event(event: object, key: str) -> tuple[Notice, ...]:
    """Return what one event says, nothing when it is of an object or kind that the hub does not take.

    `key` is the property that carries the hub's id: a change of it tells the external id.
    """
    if not isinstance(event, dict):
        raise WebhookUnreadable("An event is an object with subscriptionType and objectId.")
    head, _, verb = str(event.get("subscriptionType", "")).partition(".")
    if not head or not verb:
        raise WebhookUnreadable("The event has no subscriptionType such as company.propertyChange.")
    named = str(event.get("objectTypeId", "")) if head == "object" else head
    kind, obj = _KINDS.get(verb), _OBJECTS.get(named)
    if kind is None or obj is None:
        return ()
    native, occurred = _native(event), event.get("occurredAt")
    if kind == "merged":
        native = event.get("newObjectId") or event.get("primaryObjectId") or native
    if native is None:
        raise WebhookUnreadable("The event has no objectId.")
    at = _moment(occurred)
    changed = {str(event["propertyName"]): event.get("propertyValue")} if event.get("propertyName") else {}
    origin = f"{event.get('changeSource', '')}:{event.get('sourceId', '')}".strip(":")
    notice = Notice(obj, str(native), kind, changed.get(key), at, changed, origin)
    gone = [str(each) for each in event.get("mergedObjectIds") or ()] if kind == "merged" else []
    return (
        notice,
        *(Notice(obj, each, "deleted", at=at, origin=origin) for each in gone if each != str(native)),
    )
