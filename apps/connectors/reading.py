"""What reads from a target give: records, pages of changes, notices that a target sends by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from apps.connectors.failures import Failure
from apps.core.errors import HubError


@dataclass(frozen=True, slots=True)
class Remote:
    """One record as the target holds it; `version` is whatever the target compares for concurrency."""

    ext_id: str | None
    native_id: str
    version: str | None
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a change feed; opaque to everyone but the connector that gave it."""

    value: str


@dataclass(frozen=True, slots=True)
class Change:
    native_id: str
    version: str | None
    values: dict[str, Any]
    ext_id: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`resync_needed`: the cursor has expired over there and nothing was read; begin again without one."""

    changes: tuple[Change, ...]
    next_cursor: Cursor | None
    more: bool
    resync_needed: bool = False

    @classmethod
    def expired(cls) -> "Page":
        return cls((), None, more=False, resync_needed=True)


class ReadFailed(Exception):
    """A read from the target failed; `failure` says why in the hub's terms."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Posted:
    """A request that a target sent to the hub, as it came in; header names in any case, `url` as called."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    def header(self, name: str) -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a verified request said: `message_id` is the same when it comes again, and so must `content` be.

    `content` is a JSON value, text where the body is no JSON.
    """

    message_id: str
    content: Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A system's word that a record changed. Notices come twice, late and out of order: fetch what they name.

    `fields` is what the system said of it, possibly nothing. With a `layout` they are the record itself, a row of
    that layout, and nothing need be fetched. Without `native_id` no record is named: read all that changed.
    """

    obj: str
    native_id: str
    kind: Literal["created", "changed", "deleted", "merged"]
    ext_id: str | None = None
    at: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""
    layout: str = ""


class WebhookRefused(HubError):
    """The request is not signed as this connection expects, or is too old."""

    code = "webhook_refused"
    title = "This webhook is not accepted"
    status = 401


class WebhookUnreadable(HubError):
    """A verified message is not what the system's messages look like."""

    code = "webhook_unreadable"
    title = "The message cannot be read"
    status = 422
