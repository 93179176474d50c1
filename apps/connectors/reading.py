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
class Notice:
    """A target's word that a record changed. Notices come twice, late and out of order: fetch what they name.

    `notice_id` is the same when one comes again; `fields` is what the target said of it, possibly nothing.
    """

    obj: str
    native_id: str
    kind: Literal["created", "changed", "deleted", "merged"]
    notice_id: str
    ext_id: str | None = None
    at: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""


class WebhookRefused(HubError):
    """The request is not signed as this connection expects, is too old, or says nothing readable."""

    code = "webhook_refused"
    title = "This webhook is not accepted"
    status = 401
