"""HubSpot's webhooks: the v3 signature, and what its batches of events say."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from apps.connectors.contracts import Notice, Posted, WebhookRefused
from apps.connectors.webhooks import check_age, is_same, signed_text

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


def signature_v3(secret: str, posted: Posted, timestamp: str) -> str:
    """Return the signature over method, address, body and timestamp."""
    url = posted.url
    for escaped, plain in _WRITTEN_OUT.items():
        url = url.replace(escaped, plain)
    return signed_text(
        secret.encode(), posted.method.encode() + url.encode() + posted.body + timestamp.encode()
    )


def read_notices(secret: str, posted: Posted, now: datetime, key: str) -> tuple[Notice, ...]:
    """Return the events of a signed request; WebhookRefused when it is not HubSpot's, too old or unreadable.

    `key` is the property that carries the hub's id: a change of it tells the external id.
    """
    timestamp = posted.header("x-hubspot-request-timestamp")
    check_age(timestamp, now)
    if not secret:
        raise WebhookRefused("This connection has no client_secret to check signatures with; set it.")
    if not is_same(signature_v3(secret, posted, timestamp), posted.header("x-hubspot-signature-v3")):
        raise WebhookRefused("The signature is not that of this connection.")
    try:
        events = json.loads(posted.body)
    except ValueError:
        raise WebhookRefused("The body is no JSON.") from None
    if not isinstance(events, list):
        raise WebhookRefused("The body is no list of events.")
    return tuple(notice for event in events if isinstance(event, dict) and (notice := _notice(event, key)))


def _notice(event: Mapping[str, Any], key: str) -> Notice | None:
    """Return what one event says, None when it is of an object or kind that the hub does not take."""
    head, _, verb = str(event.get("subscriptionType", "")).partition(".")
    named = str(event.get("objectTypeId", "")) if head == "object" else head
    kind, obj = _KINDS.get(verb), _OBJECTS.get(named)
    native, occurred = event.get("objectId"), event.get("occurredAt")
    if kind is None or obj is None or native is None:
        return None
    changed = {str(event["propertyName"]): event.get("propertyValue")} if event.get("propertyName") else {}
    parts = (event.get("eventId"), event.get("subscriptionId"), native, occurred)
    return Notice(
        obj=obj,
        native_id=str(native),
        kind=kind,
        notice_id="-".join(str(part) for part in parts),
        ext_id=changed.get(key),
        at=datetime.fromtimestamp(occurred / 1000, UTC) if isinstance(occurred, int | float) else None,
        fields=changed,
        origin=f"{event.get('changeSource', '')}:{event.get('sourceId', '')}".strip(":"),
    )
