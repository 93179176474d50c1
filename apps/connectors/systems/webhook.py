"""Any HTTPS address that takes signed events: Standard Webhooks headers around a CloudEvents body."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

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
    Message,
    Notice,
    Outcome,
    Posted,
    Response,
    WebhookUnreadable,
    Write,
)
from apps.connectors.events import CONTENT_TYPE, TakesEvents, cloud_event
from apps.connectors.http import HttpClient, TransportFailure
from apps.connectors.registry import connector
from apps.connectors.settings import ConnectorSettings
from apps.connectors.vendors import ENVELOPES
from apps.connectors.webhooks import INBOUND, PREVIOUS, secrets_called, standard_signature, verify_standard

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
    """Options: source, type_prefix, answers (oracle, workday or kantata: whose error bodies it speaks), layouts
    (object of an event that comes in: layout its data is a row of; without one `CODE.OBJECT`).

    Secrets: `secret` signs what goes out, `inbound_secret` proves what comes in, so that no receiver can speak for the
    system; previous_ before either while the other side moves to a new one."""

    name = "webhook"
    version = "1"
    caps = Capabilities(
        native_upsert=True,
        batch_max=1,
        reads=False,
        takes="events",
        webhooks_by=INBOUND,
        change_feed="none",
        idempotency_key=True,
        max_concurrency=8,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._http = HttpClient(settings, max_connections=self.caps.max_concurrency)
        self._secrets = [text for name in ("secret", PREVIOUS + "secret") if (text := settings.secret(name))]
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

    def verify_webhook(self, posted: Posted, now: datetime) -> tuple[Message, ...]:
        return (verify_standard(secrets_called(self._settings, self.caps.webhooks_by), posted, now),)

    def read_message(self, content: object) -> tuple[Notice, ...]:
        """Take a CloudEvent whose type ends in object and verb, whose subject is the record and whose data its values.

        The row that is landed is its data, with `event_subject`, `event_time` and `event_verb` for the layout to use.
        """
        if not isinstance(content, dict) or not content.get("type") or not content.get("subject"):
            raise WebhookUnreadable("The message is no CloudEvent with type and subject.")
        _, obj, verb = ("", *str(content["type"]).rsplit(".", 2))[-3:]
        if verb == "ping":
            return ()
        said = content.get("data")
        if said is not None and not isinstance(said, dict):
            raise WebhookUnreadable("The data of the CloudEvent is no object.")
        known = self._settings.options.get("layouts")
        named = known.get(obj) if isinstance(known, dict) else None
        return (_notice(content, obj, verb, str(named or f"{self._settings.code}.{obj}")),)

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


def _notice(event: dict[str, Any], obj: str, verb: str, layout: str) -> Notice:
    subject, time = str(event["subject"]), event.get("time")
    try:
        at = datetime.fromisoformat(str(time).replace("Z", "+00:00")) if time else None
    except ValueError:
        at = None
    row = {**(event.get("data") or {}), "event_subject": subject, "event_time": time, "event_verb": verb}
    kinds: dict[str, Literal["created", "deleted"]] = {
        "created": "created",
        "deleted": "deleted",
        "deactivated": "deleted",
    }
    return Notice(
        obj=obj,
        native_id=subject,
        kind=kinds.get(verb, "changed"),
        ext_id=row.get("mdm_id"),
        at=at,
        fields=row,
        origin=str(event.get("source", "")),
        layout=layout,
    )
