"""Any HTTPS address that takes signed events: Standard Webhooks headers around a CloudEvents body."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from apps.connectors.answers import class_of_status, failure_of_exception, failure_of_response
from apps.connectors.caller import Classify
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
    Failure,
    FailureClass,
    Finding,
    Health,
    Notice,
    Outcome,
    Posted,
    Response,
    WebhookRefused,
    Write,
)
from apps.connectors.events import CONTENT_TYPE, TakesEvents, cloud_event
from apps.connectors.http import HttpClient, TransportFailure
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.vendors import ENVELOPES
from apps.connectors.webhooks import check_age, is_same, standard_signature

_GONE = 410


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of an answer; pure. 410 means that the receiver wants no more."""
    if isinstance(answer, Exception):
        return failure_of_exception(answer, context)
    cls = FailureClass.PERMANENT_CONFIG if answer.status == _GONE else class_of_status(answer.status)
    body = answer.json()
    said = (body.get("detail") or body.get("message") or body.get("error")) if isinstance(body, dict) else ""
    return failure_of_response(answer, cls, f"HTTP_{answer.status}", str(said or ""))


@connector("webhook")
class WebhookConnector(TakesEvents):
    """Options: source, type_prefix, answers (oracle, workday or kantata: whose error bodies it speaks);
    secrets: secret, and previous_secret while receivers move to a new one."""

    name = "webhook"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=1,
        reads=False,
        takes="events",
        webhooks=True,
        change_feed="none",
        idempotency_key=True,
        max_concurrency=8,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._secrets = [text for name in ("secret", "previous_secret") if (text := settings.secret(name))]
        self._classify: Classify = ENVELOPES.get(settings.option("answers"), classify)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return self._classify(answer, context)

    def close(self) -> None:
        self._http.close()

    def check(self) -> Health:
        """Send an event of the type `mdm.ping`; a receiver acknowledges what it does not know."""
        if not self._secrets:
            return Health((Finding("sign-in", False, "set the secret that signs the requests"),))
        ping = Write("ping", {}, delivery_id=f"ping-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        outcome = self._send("ping", ping, off=False)
        detail = outcome.failure.message if outcome.failure else ""
        return Health((Finding("sign-in", outcome.ok, detail),))

    def discover(self) -> Catalog:
        return Catalog(())

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._send(obj, item, off=False) for item in items]

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._send(obj, item, off=True) for item in items]

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Notice, ...]:
        """Take a CloudEvent signed the same way: its type names object and verb, its subject the record."""
        identifier, timestamp = posted.header("webhook-id"), posted.header("webhook-timestamp")
        check_age(timestamp, now, unit=1.0)
        given = posted.header("webhook-signature").split()
        mine = [standard_signature(secret, identifier, timestamp, posted.body) for secret in self._secrets]
        if not identifier or not any(is_same(one, other) for one in mine for other in given):
            raise WebhookRefused("The signature is not that of this connection.")
        try:
            event = json.loads(posted.body)
        except ValueError:
            raise WebhookRefused("The body is no JSON.") from None
        return (_notice(event, identifier),)

    def _send(self, obj: str, item: Write, *, off: bool) -> Outcome:
        event = cloud_event(self._settings, obj, item, off=off)
        body, identifier = orjson.dumps(event), str(event["id"])
        timestamp = str(int(datetime.now(UTC).timestamp()))
        signatures = (standard_signature(secret, identifier, timestamp, body) for secret in self._secrets)
        headers = {
            "Content-Type": CONTENT_TYPE,
            "webhook-id": identifier,
            "webhook-timestamp": timestamp,
            "webhook-signature": " ".join(signatures),
        }
        # The receiver knows a repetition by its webhook-id, so sending again is safe.
        context = CallContext("POST", idempotent=True, obj=obj, ext_id=item.ext_id)
        try:
            answer = self._http.request("POST", self._settings.base_url, headers=headers, content=body)
        except TransportFailure as error:
            return Outcome.failed(self._classify(error, context))
        return Outcome("updated") if answer.ok else Outcome.failed(self._classify(answer, context))


def _notice(event: Any, identifier: str) -> Notice:
    if not isinstance(event, dict) or not event.get("type") or not event.get("subject"):
        raise WebhookRefused("The body is no CloudEvent with type and subject.")
    _, obj, verb = ("", *str(event["type"]).rsplit(".", 2))[-3:]
    said = event.get("data")
    content: dict[str, Any] = said if isinstance(said, dict) else {}
    try:
        at = datetime.fromisoformat(str(event["time"]).replace("Z", "+00:00")) if event.get("time") else None
    except ValueError:
        at = None
    return Notice(
        obj=obj or str(event["type"]),
        native_id=str(event["subject"]),
        kind="deleted"
        if verb in ("deleted", "deactivated")
        else "created"
        if verb == "created"
        else "changed",
        notice_id=identifier,
        ext_id=content.get("mdm_id"),
        at=at,
        fields=content,
        origin=str(event.get("source", "")),
    )
