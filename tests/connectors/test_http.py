"""The HTTP client calls only what it may, reads bounded answers, and never tells a secret."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from structlog.testing import capture_logs

from apps.connectors.addresses import AddressRefused, check_address, check_url, resolve
from apps.connectors.http import HttpClient, TransportFailure, retry_after
from apps.connectors.settings import ConnectorSettings


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[int] = set()

    def do_GET(self) -> None:
        Handler.connections.add(self.client_address[1])
        if self.path == "/redirect":
            self.reply(302, b"", Location="http://127.0.0.1:1/elsewhere")
        elif self.path == "/big":
            self.reply(200, b"x" * 200_000)
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            for _ in range(20):
                self.wfile.write(b"x")
                self.wfile.flush()
                if gate.wait(0.05):
                    break
        elif self.path == "/hang":
            gate.wait(2)
            self.reply(200, b"late")
        else:
            self.reply(200, b"fine")

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


gate = threading.Event()


@pytest.fixture
def address() -> Iterator[str]:
    gate.clear()
    Handler.connections.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(address: str) -> Iterator[Callable[..., HttpClient]]:
    built: list[HttpClient] = []

    def build(**limits: float) -> HttpClient:
        settings = ConnectorSettings("test", address, secrets={"password": "hunter2"}, sandbox=True)
        built.append(HttpClient(settings, **limits))
        return built[-1]

    yield build
    for one in built:
        one.close()


def failure_of(client: HttpClient, url: str) -> TransportFailure:
    with pytest.raises(TransportFailure) as caught:
        client.request("GET", url)
    return caught.value


def test_reuses_its_connection(client: Callable[..., HttpClient], address: str) -> None:
    http = client()
    assert [http.request("GET", f"{address}/").body for _ in range(5)] == [b"fine"] * 5
    assert len(Handler.connections) == 1


def test_never_follows_a_redirect(client: Callable[..., HttpClient], address: str) -> None:
    assert client().request("GET", f"{address}/redirect").status == 302


def test_bounds_the_size_of_an_answer(client: Callable[..., HttpClient], address: str) -> None:
    failure = failure_of(client(max_bytes=100_000), f"{address}/big")
    assert (failure.reason, failure.sent) == ("too_large", True)


def test_bounds_the_time_of_a_dripping_answer(client: Callable[..., HttpClient], address: str) -> None:
    assert failure_of(client(total_seconds=0.2), f"{address}/slow").reason == "timeout"


def test_bounds_the_time_to_wait(client: Callable[..., HttpClient], address: str) -> None:
    failure = failure_of(client(read_seconds=0.1), f"{address}/hang")
    assert (failure.reason, failure.sent) == ("timeout", True)


def test_tells_when_nothing_was_sent(client: Callable[..., HttpClient]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failure = failure_of(client(), f"http://127.0.0.1:{port}/")
    assert (failure.reason, failure.sent) == ("connect", False)


def test_refuses_other_hosts(client: Callable[..., HttpClient]) -> None:
    failure = failure_of(client(), "https://example.org/")
    assert (failure.reason, failure.sent) == ("address", False)
    assert "not a host of this connection" in failure.detail


def test_logs_neither_headers_nor_bodies_nor_queries(client: Callable[..., HttpClient], address: str) -> None:
    with capture_logs() as logs:
        client().request(
            "GET", f"{address}/x", headers={"Authorization": "Bearer hunter2"}, params={"q": "hunter2"}
        )
    assert [(line["event"], line["path"], line["status"]) for line in logs] == [
        ("connectors.http.answered", "/x", 200)
    ]
    assert "hunter2" not in repr(logs)


def test_settings_keep_secrets_out_of_repr() -> None:
    assert "hunter2" not in repr(ConnectorSettings("x", "https://x.example", secrets={"password": "hunter2"}))


@pytest.mark.parametrize(
    ("url", "sandbox"),
    [
        ("http://crm.example.com/", False),
        ("http://crm.example.com/", True),
        ("ftp://crm.example.com/", False),
        ("file:///etc/passwd", True),
        ("https://user:pass@crm.example.com/", False),
        ("https://127.0.0.1/", False),
        ("https://localhost./", False),
        ("https://[::1]/", False),
        ("https:///path", False),
        ("https://crm.example.com:99999/", False),
    ],
)
def test_refused_urls(url: str, sandbox: bool) -> None:
    with pytest.raises(AddressRefused):
        check_url(url, sandbox=sandbox)


def test_permitted_urls() -> None:
    assert check_url("https://CRM.example.com/x", sandbox=False) == "crm.example.com"
    assert check_url("http://127.0.0.1:8001/", sandbox=True) == "127.0.0.1"


@pytest.mark.parametrize(
    "ip",
    ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.1.2.3", "::ffff:127.0.0.1", "::1", "fe80::1%eth0",
     "fd00::1", "224.0.0.1", "100.64.0.1", "127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "2002:7f00:1::1",
     "::127.0.0.1", "::ffff:0:127.0.0.1", "fec0::1", "192.88.99.1"],
)  # fmt: skip
def test_private_addresses(ip: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(ip, sandbox=False)


def test_public_addresses_and_sandbox_loopback() -> None:
    check_address("93.184.216.34", sandbox=False)
    check_address("2606:2800:220:1:248:1893:25c8:1946", sandbox=False)
    check_address("64:ff9b::93.184.216.34", sandbox=False)
    check_address("127.0.0.1", sandbox=True)
    with pytest.raises(AddressRefused):
        check_address("10.0.0.1", sandbox=True)


@pytest.mark.parametrize("ip", ["10.0.0.1", "172.16.3.4", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1"])
def test_named_private_hosts_may_be_inside(ip: str) -> None:
    check_address(ip, sandbox=False, private=True)
    with pytest.raises(AddressRefused):
        check_address(ip, sandbox=False)


@pytest.mark.parametrize("ip", ["127.0.0.1", "169.254.169.254", "100.64.0.1", "fe80::1", "::1"])
def test_but_never_on_this_machine_or_beside_it(ip: str) -> None:
    with pytest.raises(AddressRefused):
        check_address(ip, sandbox=False, private=True)


def test_a_name_that_leads_inside_is_refused() -> None:
    with pytest.raises(AddressRefused):
        resolve("localhost", 443, sandbox=False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "9999999"}, 86400.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
