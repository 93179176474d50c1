"""What a connector takes and gives: writes, outcomes, failures, capabilities, pages of changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from apps.connectors.catalog import Catalog, CatalogField, CatalogObject
from apps.connectors.failures import CONNECTOR_WIDE, RETRYABLE, Failure, FailureClass, Scope
from apps.connectors.mappings.layout import Layout
from apps.connectors.reading import (
    Change,
    Cursor,
    Message,
    Notice,
    Page,
    Posted,
    ReadFailed,
    Remote,
    WebhookRefused,
    WebhookUnreadable,
)

__all__ = [
    "CONNECTOR_WIDE",
    "RETRYABLE",
    "ActiveLayout",
    "Bucket",
    "CallContext",
    "Capabilities",
    "Catalog",
    "CatalogField",
    "CatalogObject",
    "Change",
    "Connector",
    "Cursor",
    "Failure",
    "FailureClass",
    "Finding",
    "Health",
    "Json",
    "Message",
    "Notice",
    "Outcome",
    "OutcomeStatus",
    "Page",
    "Posted",
    "ReadFailed",
    "Remote",
    "Response",
    "Scope",
    "WebhookRefused",
    "WebhookUnreadable",
    "Write",
]

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ActiveLayout:
    """A layout in force and the version that it is."""

    layout: Layout
    version: int


@dataclass(frozen=True, slots=True)
class Write:
    """One record to carry over: `ext_id` is the hub's key in the target, `payload` its own fields.

    `seq` is the golden version and `occurred_at` (ISO 8601) its moment; takers of events pass both on.
    """

    ext_id: str
    payload: Json
    native_id: str | None = None
    expect_version: str | None = None
    delivery_id: str = ""
    mapping_version: str = ""
    seq: int = 0
    occurred_at: str = ""


OutcomeStatus = Literal["created", "updated", "unchanged", "failed", "pending"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write; outcomes come in the order of the writes."""

    status: OutcomeStatus
    native_id: str | None = None
    remote_version: str | None = None
    failure: Failure | None = None
    poll_url: str | None = None

    @classmethod
    def failed(cls, failure: Failure) -> "Outcome":
        if failure.cls is FailureClass.ALREADY_SUBMITTED:
            return cls("pending", failure=failure, poll_url=failure.poll_url)
        return cls("failed", failure=failure)

    @property
    def ok(self) -> bool:
        return self.status in ("created", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a health check looked at."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A request budget: `amount` requests each `seconds`."""

    amount: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the system can do; the core behaves accordingly, never by the system's name.

    Without `reads`, `fetch`, `scan` and `pull` raise ReadFailed. With `scans_lists` a scan shows the lists inside
    records too. A pull begins `overlap_seconds` before the
    place where the last one ended. Takers of `events` get every version, takers of `state` the newest.
    `webhooks_by` names the secret that proves what the system sends by itself; "": it sends nothing.
    """

    native_upsert: bool
    batch_max: int
    reads: bool = True
    scans_lists: bool = False
    takes: Literal["state", "events"] = "state"
    overlap_seconds: float = 0.0
    webhooks_by: str = ""
    atomic_batch: bool = False
    conditional_write: bool = False
    delete_kind: Literal["flag", "soft", "hard"] = "flag"
    change_feed: Literal["cdc", "delta", "webhook", "poll", "none"] = "poll"
    deletes_visible: bool = False
    feed_retention_hours: int | None = None
    idempotency_key: bool = False
    full_replace: bool = False
    max_concurrency: int = 4
    key_kinds: tuple[str, ...] = ("external_id", "native_id")
    rate: Bucket | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP answer read to its end; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: object) -> "Response":
        """Build one from a fixture: `body` is bytes, text or anything JSON can say."""
        packed = (
            body
            if isinstance(body, bytes)
            else body.encode()
            if isinstance(body, str)
            else json.dumps(body).encode()
        )
        return cls(status, {name.lower(): value for name, value in headers.items()}, packed)

    def json(self) -> Any:
        """Return the parsed body, None when it is empty or no JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class CallContext:
    """What was asked when a failure came: `idempotent` calls may be repeated without a look first."""

    method: str = "GET"
    idempotent: bool = True
    obj: str = ""
    ext_id: str = ""


class Connector(Protocol):
    """The face of every system; one class per system, found through `apps.connectors.registry`."""

    name: str
    version: str
    caps: Capabilities

    def check(self) -> Health:
        """Try sign-in, permissions, the external-id fields and the clock."""

    def discover(self) -> Catalog:
        """Return the organisation's own objects, fields and keys."""

    def fetch(self, obj: str, ext_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        """Return the records with these external ids, those that do not exist left out; ReadFailed if it cannot."""

    def fetch_native(self, obj: str, native_ids: Sequence[str], fields: Sequence[str] = ()) -> list[Remote]:
        """Return the records with these ids of the target, with or without an external id; else as `fetch`."""

    def scan(self, obj: str, fields: Sequence[str], after: Cursor | None = None, limit: int = 500) -> Page:
        """Walk over all records that carry an external id, each once; a page may be smaller than `limit`."""

    def pull(
        self,
        obj: str,
        cursor: Cursor | None,
        fields: Sequence[str] = (),
        limit: int = 500,
        overlap: float = 0.0,
    ) -> Page:
        """Return what changed since `cursor`, oldest first; None starts from the beginning.

        `overlap` seconds before the cursor are read again, for changes that committed late or share a moment.
        """

    def claim(self, obj: str, native_id: str, ext_id: str) -> Outcome:
        """Write the hub's key onto a record of the target's own, and nothing else; repeating it does no harm."""

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        """Create or update each by its external id; never raises for what a target answers."""

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        """Switch records off; each payload holds the mapping's `deactivate.set` fields."""

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        """Name the failure class of an answer; pure."""

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        """Return the messages of a request from the system, once it is proved to be its; else WebhookRefused."""

    def read_message(self, content: object) -> tuple[Notice, ...]:
        """Return what a message says, nothing if the hub takes nothing of its kind; WebhookUnreadable. Pure."""

    def close(self) -> None:
        """Give the connections back."""
