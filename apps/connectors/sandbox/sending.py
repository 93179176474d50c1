"""What each vendor's webhook looks like on the wire, signed by its recipe; written apart from the connectors."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from apps.connectors.sandbox.sender import Happened, Packed

Secrets = Mapping[str, str]
_HUBSPOT = {"companies": "company", "deals": "deal"}
_HUBSPOT_TYPES = {"invoices": "0-53", "projects": "0-970"}
_HUBSPOT_VERBS = {"created": "creation", "updated": "propertyChange", "deleted": "deletion"}
_SALESFORCE_VERBS = {"created": "CREATE", "updated": "UPDATE", "deleted": "DELETE"}
_DATAVERSE_VERBS = {"created": "Create", "updated": "Update", "deleted": "Delete"}
_EVENT_VERBS = {"created": "created", "updated": "changed", "deleted": "deleted"}


def _mac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def hubspot(secrets: Secrets, happened: Happened, url: str, attempt: int) -> Packed | None:
    """Return a batch of events under the v3 signature; one event for each property that changed."""
    row = happened.row
    head = _HUBSPOT.get(row.obj, "object" if row.obj in _HUBSPOT_TYPES else "")
    if not head:
        return None
    names: tuple[str | None, ...] = happened.changed if happened.verb == "updated" else (None,)
    events = []
    for place, name in enumerate(names):
        event: dict[str, Any] = {
            "eventId": happened.number,
            "subscriptionId": 1000 + place,
            "portalId": 1,
            "appId": 1,
            "occurredAt": _milliseconds(happened.at),
            "subscriptionType": f"{head}.{_HUBSPOT_VERBS[happened.verb]}",
            "attemptNumber": attempt,
            "objectId": int(row.native_id),
            "changeSource": "INTEGRATION" if happened.by == "api" else "CRM_UI",
            "sourceId": "1" if happened.by == "api" else "userId:7",
        }
        if head == "object":
            event["objectTypeId"] = _HUBSPOT_TYPES[row.obj]
        if name is not None:
            event |= {"propertyName": name, "propertyValue": row.body.get(name)}
        events.append(event)
    body, stamp = json.dumps(events).encode(), str(_milliseconds(time.time()))
    text = b"POST" + url.encode() + body + stamp.encode()
    signature = _mac(secrets["client_secret"].encode(), text)
    return body, {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}


def _standard(secrets: Secrets, identifier: str, content: Mapping[str, Any]) -> Packed:
    body, stamp = json.dumps(content).encode(), str(int(time.time()))
    key = base64.b64decode(secrets["inbound_secret"].removeprefix("whsec_"))
    signature = "v1," + _mac(key, f"{identifier}.{stamp}.".encode() + body)
    return body, {"webhook-id": identifier, "webhook-timestamp": stamp, "webhook-signature": signature}


def salesforce(secrets: Secrets, happened: Happened, url: str, attempt: int) -> Packed | None:
    """Return a change event as a relay passes it on, under Standard Webhooks."""
    row = happened.row
    header = {
        "entityName": row.obj,
        "recordIds": [row.native_id],
        "changeType": _SALESFORCE_VERBS[happened.verb],
        "changeOrigin": "com/salesforce/api/rest/68.0;client=mdm-hub" if happened.by == "api" else "",
        "transactionKey": f"tx-{happened.number}",
        "sequenceNumber": 1,
        "commitTimestamp": _milliseconds(happened.at),
        "commitUser": "005SB0000000001AAA",
    }
    changes = {name: row.body.get(name) for name in happened.changed}
    payload = {"ChangeEventHeader": header, **changes}
    content = {"payload": payload, "event": {"replayId": happened.number}}
    return _standard(secrets, f"cdc-{happened.number}-{_milliseconds(happened.at)}", content)


def dataverse(secrets: Secrets, happened: Happened, url: str, attempt: int) -> Packed | None:
    """Return an execution context with the endpoint's key in a header."""
    row = happened.row
    table = row.obj.removesuffix("ies") + "y" if row.obj.endswith("ies") else row.obj.removesuffix("s")
    job = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{happened.number}-{happened.at}"))
    attributes = [{"key": name, "value": row.body.get(name)} for name in happened.changed]
    context = {
        "MessageName": _DATAVERSE_VERBS[happened.verb],
        "PrimaryEntityName": table,
        "PrimaryEntityId": row.native_id,
        "OperationId": job,
        "CorrelationId": job,
        "OperationCreatedOn": f"/Date({_milliseconds(happened.at)}+0000)/",
        "InitiatingUserId": str(uuid.uuid5(uuid.NAMESPACE_OID, happened.by)),
        "Mode": 1,
        "InputParameters": [
            {"key": "Target", "value": {"LogicalName": table, "Id": row.native_id, "Attributes": attributes}}
        ],
    }
    return json.dumps(context).encode(), {"x-webhook-key": secrets["inbound_secret"]}


def cloud_event(secrets: Secrets, happened: Happened, url: str, attempt: int) -> Packed | None:
    """Return a CloudEvent that carries the whole record, under Standard Webhooks."""
    row = happened.row
    content = {
        "specversion": "1.0",
        "id": f"event-{happened.number}",
        "source": "/sandbox",
        "type": f"sandbox.{row.obj}.{_EVENT_VERBS[happened.verb]}",
        "subject": row.ext_id or row.native_id,
        "time": row.modified_at,
        "datacontenttype": "application/json",
        "data": row.body,
    }
    return _standard(secrets, f"event-{happened.number}-{_milliseconds(happened.at)}", content)


PACKERS: Mapping[str, Callable[[Secrets, Happened, str, int], Packed | None]] = {
    "hubspot": hubspot,
    "salesforce": salesforce,
    "dataverse": dataverse,
    "webhook": cloud_event,
}
