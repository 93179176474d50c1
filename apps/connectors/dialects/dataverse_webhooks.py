"""Dataverse's service endpoints of the kind webhook: a key in a header or in `?code=`, and an execution context."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from apps.connectors.contracts import (
    Capabilities,
    Message,
    Notice,
    Posted,
    WebhookRefused,
    WebhookUnreadable,
)
from apps.connectors.settings import ConnectorSettings
from apps.connectors.webhooks import MAX_ID, content_of, id_of_content, is_one_of, secrets_called

DEFAULT_HEADER = "x-webhook-key"
_NOBODY = "00000000-0000-0000-0000-000000000000"
_KINDS: dict[str, Literal["created", "changed", "deleted", "merged"]] = {
    "Create": "created",
    "Update": "changed",
    "Delete": "deleted",
    "Merge": "merged",
    "SetState": "changed",
    "SetStateDynamicEntity": "changed",
    "Assign": "changed",
}
_DATE = re.compile(r"^/Date\((-?\d{1,15})[+\-\d]*\)/$")
_PLURALS = (("y", "ies"), ("s", "ses"), ("x", "xes"), ("ch", "ches"), ("sh", "shes"))


class ServiceEndpoint:
    """The part of the connector that takes webhooks."""

    caps: Capabilities
    _settings: ConnectorSettings

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        keys = secrets_called(self._settings, self.caps.webhooks_by)
        return verify_key(keys, posted, self._settings.option("webhook_header", DEFAULT_HEADER))

    def read_message(self, content: object) -> tuple[Notice, ...]:
        known = self._settings.options.get("entity_sets")
        return read_context(content, known if isinstance(known, dict) else {})


def verify_key(keys: tuple[str, ...], posted: Posted, header: str) -> tuple[Message, ...]:
    """Return the message of a request that carries one of the keys; WebhookRefused otherwise.

    Dataverse signs nothing and tells no time of sending: the key, TLS and the message's id are all there is.
    """
    given = [posted.header(header), *parse_qs(urlsplit(posted.url).query).get("code", [])]
    if not is_one_of(keys, given):
        raise WebhookRefused("The key is not that of this connection.")
    content = content_of(posted.body)
    return (Message(_identity(content), content),)


def _identity(context: Any) -> str:
    """Return what names a message: the job that sends it, which is the same when it sends again."""
    if isinstance(context, dict):
        jobs = [str(context.get(name) or _NOBODY) for name in ("OperationId", "RequestId", "CorrelationId")]
        job = next((each for each in jobs if each != _NOBODY), "")
        record = context.get("PrimaryEntityId")
        if job and record:
            return f"{job}/{context.get('MessageName', '')}/{record}"[:MAX_ID]
    return id_of_content(context)


def read_context(content: object, sets: Mapping[str, str]) -> tuple[Notice, ...]:
    """Return what an execution context says; `sets` is entity set by table, the usual plurals aside."""
    if not isinstance(content, dict):
        raise WebhookUnreadable("The message is no execution context.")
    table, record = content.get("PrimaryEntityName"), str(content.get("PrimaryEntityId") or "")
    if not table or not record or record == _NOBODY:
        raise WebhookUnreadable("The context has no PrimaryEntityName or PrimaryEntityId.")
    kind = _KINDS.get(str(content.get("MessageName", "")))
    if kind is None:
        return ()
    obj, at = sets.get(str(table)) or set_of(str(table)), _moment(content.get("OperationCreatedOn"))
    origin = str(content.get("InitiatingUserId") or "")
    notice = Notice(obj, record, kind, None, at, _target(content.get("InputParameters")), origin)
    if kind != "merged":
        return (notice,)
    gone = str(_parameter(content.get("InputParameters"), "SubordinateId") or "")
    return (notice, Notice(obj, gone, "deleted", at=at, origin=origin)) if gone else (notice,)


def set_of(table: str) -> str:
    """Return the entity set of a table as Dataverse names it unless told otherwise."""
    for ending, plural in _PLURALS:
        if table.endswith(ending) and not (ending == "y" and table[-2:-1] in "aeiou"):
            return table.removesuffix(ending) + plural
    return table + "s"


def _parameter(parameters: object, name: str) -> Any:
    rows = parameters if isinstance(parameters, Sequence) and not isinstance(parameters, str) else ()
    return next((row.get("value") for row in rows if isinstance(row, dict) and row.get("key") == name), None)


def _target(parameters: object) -> dict[str, Any]:
    """Return the attributes that a create or an update brought, as far as the message tells them."""
    target = _parameter(parameters, "Target")
    rows = target.get("Attributes") if isinstance(target, dict) else None
    if not isinstance(rows, list):
        return {}
    return {str(row["key"]): row.get("value") for row in rows if isinstance(row, dict) and "key" in row}


def _moment(text: object) -> datetime | None:
    found = _DATE.match(str(text or ""))
    try:
        return datetime.fromtimestamp(int(found[1]) / 1000, UTC) if found else None
    except (ValueError, OverflowError, OSError):
        return None
