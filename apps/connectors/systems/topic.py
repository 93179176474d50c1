"""A topic of a message broker: CloudEvents in order per record, each confirmed by the broker before it counts."""

import ssl
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import orjson
from amqp.exceptions import AccessRefused, ConnectionForced, NotAllowed
from kombu import Connection, Exchange, Producer, Queue
from kombu.exceptions import KombuError, OperationalError

from apps.connectors.addresses import AddressRefused, check_url, resolve
from apps.connectors.contracts import (
    CallContext,
    Capabilities,
    Catalog,
    Failure,
    FailureClass,
    Finding,
    Health,
    Outcome,
    Response,
    Write,
)
from apps.connectors.events import CONTENT_TYPE, TakesEvents, cloud_event
from apps.connectors.registry import connector
from apps.connectors.settings import BROKER_SCHEMES, ConnectorSettings
from apps.connectors.webhooks import NoWebhooks

_SECONDS = 10.0
_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379}
_REFUSED = (AccessRefused, NotAllowed)


class Unroutable(Exception):
    """The broker took the message and no queue is bound to get it."""


def classify(answer: Response | Exception, context: CallContext) -> Failure:
    """Name the failure class of what a broker or its client raised; pure."""
    if isinstance(answer, AddressRefused):
        return Failure(FailureClass.PERMANENT_CONFIG, "address", answer.detail, scope="connector")
    if isinstance(answer, Unroutable):
        return Failure(FailureClass.PERMANENT_CONFIG, "UNROUTABLE", str(answer), scope="connector")
    text = f"{type(answer).__name__}: {answer}"[:300]
    cause = answer.__cause__ if isinstance(answer, OperationalError) else answer
    if isinstance(cause, _REFUSED) or "authentication" in text.lower() or "noauth" in text.lower():
        return Failure(FailureClass.PERMANENT_CONFIG, "REFUSED", text, scope="connector")
    if isinstance(answer, OSError | KombuError | ConnectionForced):
        # The event keeps its id: consumers know a repetition, so publishing again is safe.
        return Failure(FailureClass.TRANSIENT, "BROKER", text, scope="connector")
    return Failure(FailureClass.TRANSIENT, type(answer).__name__, text)


@connector("topic")
class TopicConnector(TakesEvents, NoWebhooks):
    """Address: amqps://host/vhost or rediss://host/0. Options: exchange, exchange_type, queue, route
    (`type` or `record`), source, type_prefix; secrets: username, password."""

    name = "topic"
    version = "1"
    # One connection in order: a record's next event goes out when the broker has confirmed the last one.
    caps = Capabilities(
        native_upsert=True,
        batch_max=50,
        reads=False,
        takes="events",
        change_feed="none",
        idempotency_key=True,
        max_concurrency=1,
    )

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._seconds = settings.read_seconds(_SECONDS)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._returned: list[str] = []
        name = settings.option("exchange", "mdm")
        self._exchange = Exchange(name, type=settings.option("exchange_type", "topic"), durable=True)

    def classify(self, answer: Response | Exception, context: CallContext) -> Failure:
        return classify(answer, context)

    def close(self) -> None:
        with self._lock:
            self._drop()

    def check(self) -> Health:
        try:
            with self._lock:
                self._open().default_channel  # noqa: B018 - reading it opens the channel
        except Exception as error:
            return Health((Finding("sign-in", False, classify(error, CallContext()).message),))
        return Health((Finding("sign-in", True),))

    def discover(self) -> Catalog:
        return Catalog(())

    def upsert(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._publish(obj, item, off=False) for item in items]

    def deactivate(self, obj: str, items: Sequence[Write]) -> list[Outcome]:
        return [self._publish(obj, item, off=True) for item in items]

    def _publish(self, obj: str, item: Write, *, off: bool) -> Outcome:
        event = cloud_event(self._settings, obj, item, off=off)
        by_record = self._settings.option("route", "type") == "record"
        route = item.ext_id if by_record else f"{obj}.{'deactivated' if off else 'changed'}"
        with self._lock:
            try:
                self._send(orjson.dumps(event), str(event["id"]), route, item.ext_id)
            except Exception as error:
                self._drop()
                return Outcome.failed(classify(error, CallContext("PUBLISH", obj=obj, ext_id=item.ext_id)))
        return Outcome("updated")

    def _send(self, body: bytes, identifier: str, route: str, key: str) -> None:
        connection = self._open()
        self._returned.clear()
        producer = Producer(
            connection, exchange=self._exchange, on_return=self._on_return, auto_declare=False
        )
        producer.publish(
            body,
            routing_key=route,
            content_type=CONTENT_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            mandatory=True,
            message_id=identifier,
            headers={"partitionkey": key},
            retry=False,
            timeout=self._seconds,
            confirm_timeout=self._seconds,
        )
        if self._returned:
            raise Unroutable(f"no queue takes events of {route}: {self._returned[0]}")

    def _on_return(self, exception: Exception, exchange: str, routing_key: str, message: Any) -> None:
        self._returned.append(str(exception))

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._connected()
        return self._connection

    def _connected(self) -> Connection:
        """Connect to a permitted address and declare exchange and queue."""
        settings = self._settings
        url = settings.base_url
        host = check_url(
            url, sandbox=settings.sandbox, allowed_hosts=settings.allowed_hosts, schemes=BROKER_SCHEMES
        )
        parts = urlsplit(url)
        port, private = parts.port or _PORTS[parts.scheme], host in settings.private_hosts
        resolve(host, port, sandbox=settings.sandbox, private=private)
        secure = parts.scheme in ("amqps", "rediss")
        account = (
            f"{quote(settings.secret('username'), safe='')}:{quote(settings.secret('password'), safe='')}"
        )
        location = parts.netloc if account == ":" else f"{account}@{parts.netloc}"
        # kombu names plain schemes and takes TLS as an option of its own.
        scheme = parts.scheme.removesuffix("s") if secure else parts.scheme
        options: dict[str, Any] = {"confirm_publish": True, "max_retries": 1, "socket_timeout": self._seconds}
        if scheme == "amqp":
            options = {"confirm_publish": True, "read_timeout": self._seconds, "write_timeout": self._seconds}
        connection = Connection(
            urlunsplit((scheme, location, unquote(parts.path), "", "")),
            connect_timeout=_SECONDS,
            transport_options=options,
            ssl={"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": host} if secure else False,
        )
        try:
            connection.ensure_connection(max_retries=1, timeout=_SECONDS)
            channel = connection.default_channel
            self._exchange(channel).declare()
            if queue := settings.option("queue"):
                Queue(queue, self._exchange, routing_key="#", durable=True)(channel).declare()
        except Exception:
            connection.release()
            raise
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.release()
            except Exception as error:  # the socket may be gone already
                self._returned.append(type(error).__name__)
