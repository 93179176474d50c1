"""The one HTTP client of all connectors: guarded addresses, bounded time and size, no redirects."""

import email.utils
import ssl
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

import httpcore2
import httpx2
import orjson
import structlog

from apps.connectors.addresses import AddressRefused, check_url, resolve
from apps.connectors.contracts import Response
from apps.connectors.settings import ConnectorSettings

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 60.0
MAX_BYTES = 16 * 1024 * 1024
MAX_RETRY_AFTER = 24 * 3600.0

log = structlog.get_logger(__name__)

Reason = Literal["address", "connect", "timeout", "dropped", "too_large", "protocol"]


class TransportFailure(Exception):
    """No usable answer came. `sent` is False when the request certainly never reached the target."""

    def __init__(self, reason: Reason, detail: str, *, sent: bool) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.sent = sent


@cache
def _ssl_context() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


class _GuardedBackend(httpcore2.NetworkBackend):
    """Opens connections to the very address that was checked, so DNS cannot change its answer in between."""

    def __init__(self, settings: ConnectorSettings) -> None:
        self._settings = settings
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            private = host.lower() in self._settings.private_hosts
            address = resolve(host, port, sandbox=self._settings.sandbox, private=private)
        except OSError as error:
            raise httpcore2.ConnectError(f"{host} has no address: {error}") from error
        return self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _GuardedTransport(httpx2.HTTPTransport):
    def __init__(self, settings: ConnectorSettings, max_connections: int) -> None:
        super().__init__(verify=_ssl_context(), trust_env=False)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_ssl_context(),
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=30.0,
            network_backend=_GuardedBackend(settings),
        )


class HttpClient:
    """Calls the hosts of one connection; safe to use from several threads, reuses its connections."""

    def __init__(
        self,
        settings: ConnectorSettings,
        *,
        max_connections: int = 10,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float | None = None,
        total_seconds: float = TOTAL_SECONDS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._settings = settings
        read_seconds = settings.read_seconds(READ_SECONDS) if read_seconds is None else read_seconds
        self._total = total_seconds
        self._max_bytes = max_bytes
        self._client = httpx2.Client(
            transport=_GuardedTransport(settings, max_connections),
            timeout=httpx2.Timeout(read_seconds, connect=connect_seconds),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "mdm-hub"},
        )

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Response:
        """Send one request and read its whole answer; TransportFailure when there is none to read.

        The body is one of `json`, `form` and `content`, which goes out byte for byte.
        """
        try:
            check_url(url, sandbox=self._settings.sandbox, allowed_hosts=self._settings.allowed_hosts)
        except AddressRefused as error:
            raise TransportFailure("address", str(error), sent=False) from error
        sent_headers = dict(headers or {})
        if json is not None:
            content = orjson.dumps(json)
            sent_headers.setdefault("Content-Type", "application/json")
        request = self._client.build_request(
            method, url, headers=sent_headers, params=params, content=content, data=form
        )
        started = time.monotonic()
        try:
            answer = self._send(request, started)
        except TransportFailure as failure:
            self._log(method, request, started, outcome=failure.reason)
            raise
        self._log(method, request, started, status=answer.status)
        return answer

    def close(self) -> None:
        self._client.close()

    def _send(self, request: httpx2.Request, started: float) -> Response:
        try:
            answer = self._client.send(request, stream=True)
            try:
                body = self._read(answer, started)
            finally:
                answer.close()
        except AddressRefused as error:
            raise TransportFailure("address", str(error), sent=False) from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise TransportFailure("connect", _words(error), sent=False) from error
        except httpx2.TimeoutException as error:
            raise TransportFailure("timeout", _words(error), sent=True) from error
        except httpx2.NetworkError as error:
            raise TransportFailure("dropped", _words(error), sent=True) from error
        except httpx2.HTTPError as error:
            raise TransportFailure("protocol", _words(error), sent=True) from error
        return Response(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body
        )

    def _read(self, answer: httpx2.Response, started: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in answer.iter_bytes():
            size += len(chunk)
            if size > self._max_bytes:
                raise TransportFailure("too_large", f"the answer is over {self._max_bytes} bytes", sent=True)
            if time.monotonic() - started > self._total:
                raise TransportFailure("timeout", f"the answer took over {self._total:g} s", sent=True)
            chunks.append(chunk)
        return b"".join(chunks)

    def _log(self, method: str, request: httpx2.Request, started: float, **outcome: object) -> None:
        log.info(
            "connectors.http.answered",
            system=self._settings.code,
            method=method,
            path=request.url.path,
            ms=round((time.monotonic() - started) * 1000),
            **outcome,
        )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a Retry-After header asks for, at most a day; None without a usable one.

    A date is read against the answer's own Date header, so the result does not depend on our clock.
    """
    written = headers.get("retry-after", "").strip()
    if not written:
        return None
    try:
        seconds = float(written)
    except ValueError:
        try:
            until = email.utils.parsedate_to_datetime(written)
            seconds = (until - email.utils.parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER) if seconds == seconds else None
