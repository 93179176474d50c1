"""A receiver of signed webhooks: Standard Webhooks verified, CloudEvents checked, repetitions known by their id."""

import base64
import hashlib
import hmac
import time
from typing import Any

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.schema import Field, ObjectType
from apps.connectors.sandbox.system import SandboxSystem

_TOLERANCE = 300
_FAULTS = {"lock": 423, "quota": 429, "429": 429, "500": 500, "503": 503, "duplicate": 409, "block": 422}
_REQUIRED = ("specversion", "id", "source", "type", "subject", "data")


class WebhookSandbox(SandboxSystem):
    """Keeps the newest version of each subject; an older `sequence` changes nothing."""

    name = "webhook"
    title = "Receiver sandbox (Standard Webhooks, CloudEvents)"
    objects = {"event": ObjectType("event", "Event", (Field("type"), Field("sequence")), title="type")}

    def serve(self, request: Request) -> Reply:
        if request.method != "POST":
            return Reply(405, {"detail": "only POST is taken here"})
        if problem := self._unsigned(request):
            return Reply(401, {"detail": problem})
        self.store.count_call()
        if not request.headers.get("content-type", "").startswith("application/cloudevents+json"):
            return Reply(415, {"detail": "expected application/cloudevents+json"})
        try:
            event = request.json()
        except ValueError:
            return Reply(400, {"detail": "the body is no JSON"})
        missing = [name for name in _REQUIRED if name not in event]
        if missing or event["specversion"] != "1.0" or event["id"] != request.headers["webhook-id"]:
            return Reply(400, {"detail": f"no CloudEvent 1.0: {missing or 'id or version'}"})
        return self._taken(event)

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        headers = {"Retry-After": str(options["retry_after"])} if "retry_after" in options else {}
        return Reply(_FAULTS[kind], {"detail": kind}, headers)

    def _taken(self, event: dict[str, Any]) -> Reply:
        obj = str(event["type"]).split(".")[-2]
        if fault := self.before_write(obj, str(event["subject"])):
            return fault
        row = self.store.find(obj, ext_id=str(event["subject"]))
        body = {"type": event["type"], "sequence": event.get("sequence", ""), **event["data"]}
        if not self.store.nonce_is_new(str(event["id"]), 86_400):
            body = {}  # a repetition: taken, and nothing changes
        elif row is not None and body["sequence"] < str(row.body.get("sequence", "")):
            body = {}
        if row is None:
            row = self.store.insert(obj, body, ext_id=str(event["subject"]), delivery=str(event["id"]))
        else:
            row = self.store.update(row, body, delivery=str(event["id"]))
        return self.after_write(row, Reply(202, {"taken": True}))

    def _unsigned(self, request: Request) -> str:
        """Return what is wrong with the signature, "" when it is good."""
        identifier = request.headers.get("webhook-id", "")
        timestamp = request.headers.get("webhook-timestamp", "")
        if not identifier or not timestamp.isdigit() or abs(time.time() - int(timestamp)) > _TOLERANCE:
            return "webhook-id or webhook-timestamp is missing or too old"
        key = base64.b64decode(self.secrets["secret"].removeprefix("whsec_"))
        text = f"{identifier}.{timestamp}.".encode() + request.body
        mine = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        given = request.headers.get("webhook-signature", "").split()
        return "" if any(hmac.compare_digest(mine, one) for one in given) else "the signature is wrong"
