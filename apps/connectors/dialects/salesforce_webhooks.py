"""Change Data Capture of Salesforce as a relay or an Apex callout passes it on, signed as Standard Webhooks says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from apps.connectors.contracts import Capabilities, Message, Notice, Posted, WebhookUnreadable
from apps.connectors.settings import ConnectorSettings
from apps.connectors.webhooks import secrets_called, verify_standard

_KINDS: dict[str, Literal["created", "changed", "deleted"]] = {
    "CREATE": "created",
    "UNDELETE": "created",
    "UPDATE": "changed",
    "DELETE": "deleted",
}
_HEADER = "ChangeEventHeader"
_WRAPPINGS = ("payload", "data", "detail")
"""Streaming API, CloudEvents and event buses each put the event into one of these, some into two."""
_DEEPEST = 3


class RelayedChanges:
    """The part of the connector that takes webhooks."""

    caps: Capabilities
    _settings: ConnectorSettings

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        return (verify_standard(secrets_called(self._settings, self.caps.webhooks_by), posted, now),)

    def read_message(self, content: object) -> tuple[Notice, ...]:
        return read_change(content)


def read_change(content: object) -> tuple[Notice, ...]:
    """Return a notice for each record of a change event.

    Gap events name records without values, which are fetched anyway; an overflow and wildcard ids name none.
    """
    event = _event_in(content, _DEEPEST)
    if event is None:
        raise WebhookUnreadable("The message holds no ChangeEventHeader.")
    header = event[_HEADER]
    obj, ids = header.get("entityName"), header.get("recordIds")
    change = str(header.get("changeType", "")).removeprefix("GAP_")
    if not obj or not isinstance(ids, list):
        raise WebhookUnreadable("The ChangeEventHeader has no entityName or recordIds.")
    at = _moment(header.get("commitTimestamp"))
    origin = str(header.get("changeOrigin") or header.get("commitUser") or "")
    if change == "OVERFLOW" or any(str(each).endswith("*") for each in ids):
        return (Notice(str(obj), "", "changed", at=at, origin=origin),)
    if change not in _KINDS:
        raise WebhookUnreadable(f"{change or 'An empty text'} is no changeType.")
    said = {name: value for name, value in event.items() if name != _HEADER}
    return tuple(Notice(str(obj), str(each), _KINDS[change], None, at, said, origin) for each in ids)


def _event_in(content: object, deep: int) -> Mapping[str, Any] | None:
    if not isinstance(content, dict):
        return None
    if isinstance(content.get(_HEADER), dict):
        return content
    inner = (content[name] for name in _WRAPPINGS if name in content) if deep else ()
    return next((found for each in inner if (found := _event_in(each, deep - 1))), None)


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
