"""A message broker in small, over AMQP: keeps what it confirmed, and shows its page and faults over HTTP."""

import json
import threading
import time
from typing import Any

from apps.connectors.sandbox.broker import AmqpServer, AmqpSession
from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.schema import Field, ObjectType
from apps.connectors.sandbox.system import SandboxSystem


class TopicSandbox(SandboxSystem):
    """`broker_url` is where to publish; the HTTP address serves the page and arms faults."""

    name = "topic"
    title = "Broker sandbox (AMQP 0-9-1)"
    objects = {"event": ObjectType("event", "Event", (Field("type"), Field("sequence")), title="type")}

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.messages: list[tuple[str, dict[str, Any]]] = []
        """(routing key, event) in the order of confirmation."""
        self._server = _Broker(self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def broker_url(self) -> str:
        return f"amqp://127.0.0.1:{self._server.server_address[1]}//"

    def connection_url(self, base_url: str) -> str:
        return self.broker_url

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        super().close()

    def reset(self) -> None:
        super().reset()
        self.messages.clear()

    def serve(self, request: Request) -> Reply:
        return Reply(404, {"detail": "publish over AMQP"})

    def fault_reply(self, kind: str, options: dict[str, Any]) -> Reply:
        return Reply(500, kind)

    def settle(self, route: str, body: bytes) -> str:
        """Take a message or do what an armed fault says."""
        event = json.loads(body)
        obj, subject = str(event["type"]).split(".")[-2], str(event["subject"])
        reply = self.before_write(obj, subject)
        if reply is not None:
            if reply.wait:
                time.sleep(reply.wait)
            return "cut" if reply.drop or reply.wait else "return" if reply.status == 404 else "refuse"
        values = {"type": event["type"], "sequence": event.get("sequence", ""), **event["data"]}
        known = not self.store.nonce_is_new(str(event["id"]), 86_400)
        row = self.store.find(obj, ext_id=subject)
        if row is None:
            row = self.store.insert(obj, values, ext_id=subject, delivery=str(event["id"]))
        else:
            row = self.store.update(row, {} if known else values, delivery=str(event["id"]))
        self.messages.append((route, event))
        return "cut" if self.after_write(row, Reply(200)).drop else "ack"


class _Broker(AmqpServer):
    def __init__(self, system: TopicSandbox) -> None:
        self.system = system
        self.account = (system.secrets["username"], system.secrets["password"])
        super().__init__(("127.0.0.1", 0), AmqpSession)

    def settle(self, exchange: str, route: str, body: bytes) -> str:
        return self.system.settle(route, body)
