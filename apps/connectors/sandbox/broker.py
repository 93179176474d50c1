"""The part of AMQP 0-9-1 that a confirming publisher uses, as a loopback server: frames, methods, confirms."""

import socketserver
import struct
from typing import Any

from amqp.serialization import dumps, loads

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, b"\xce"
_START, _TUNE, _OPEN_OK, _CLOSE, _CLOSE_OK = (10, 10), (10, 30), (10, 41), (10, 50), (10, 51)


class Gone(Exception):
    """The client has gone, or the connection is to be cut."""


class AmqpSession(socketserver.StreamRequestHandler):
    """One connection: signs in, lets declare, and settles each message as `server.settle` says."""

    server: "AmqpServer"

    def handle(self) -> None:
        self.tag, self.confirming = 0, False
        try:
            self._sign_in()
            while True:
                self._method(*self._read_method())
        except (Gone, OSError, struct.error):
            return

    def _sign_in(self) -> None:
        if self.rfile.read(8) != b"AMQP\x00\x00\x09\x01":
            raise Gone
        self._send(0, _START, "ooFSS", (0, 9, {"product": "sandbox", "capabilities": {}}, "PLAIN", "en_US"))
        _, _, arguments = self._read_method()
        _, mechanism, response, _ = loads("FsSs", arguments, 0)[0]
        _, user, password = (response if isinstance(response, bytes) else response.encode()).split(b"\0")
        good = (user.decode(), password.decode()) == self.server.account
        if mechanism != "PLAIN" or not good:
            self._send(0, _CLOSE, "BsBB", (403, "ACCESS_REFUSED - Login was refused", 0, 0))
            raise Gone
        self._send(0, _TUNE, "BlB", (2047, 131_072, 0))

    def _method(self, channel: int, method: tuple[int, int], arguments: bytes) -> None:
        if method == (60, 40):
            self._publish(channel, arguments)
            return
        if method in (_CLOSE, (20, 40)):
            self._send(channel, _CLOSE_OK if method == _CLOSE else (20, 41), "", ())
            if method == _CLOSE:
                raise Gone
            return
        self.confirming |= method == (85, 10)
        answers: dict[tuple[int, int], tuple[tuple[int, int], str, tuple[Any, ...]]] = {
            (10, 40): (_OPEN_OK, "s", ("",)),
            (20, 10): ((20, 11), "S", ("",)),
            (40, 10): ((40, 11), "", ()),
            (50, 10): (
                (50, 11),
                "sll",
                (self.server.queue_of(arguments) if method == (50, 10) else "", 0, 0),
            ),
            (50, 20): ((50, 21), "", ()),
            (85, 10): ((85, 11), "", ()),
        }
        if method in answers:
            answer, pattern, values = answers[method]
            self._send(channel, answer, pattern, values)

    def _publish(self, channel: int, arguments: bytes) -> None:
        _, exchange, route = loads("Bss", arguments, 0)[0]
        size = struct.unpack(">xxxxQ", self._frame()[2][:12])[0]
        body = b""
        while len(body) < size:
            body += self._frame()[2]
        self.tag += 1
        verdict = self.server.settle(str(exchange), str(route), body)
        if verdict == "cut":
            raise Gone
        if verdict == "return":
            self._send(channel, (60, 50), "Bsss", (312, "NO_ROUTE", exchange, route))
            self._write(_HEADER, channel, struct.pack(">HHQH", 60, 0, len(body), 0))
            self._write(_BODY, channel, body)
        if self.confirming:
            refused = verdict == "refuse"
            pattern, values = ("Lbb", (self.tag, False, False)) if refused else ("Lb", (self.tag, False))
            self._send(channel, (60, 120) if refused else (60, 80), pattern, values)

    def _read_method(self) -> tuple[int, tuple[int, int], bytes]:
        while True:
            kind, channel, payload = self._frame()
            if kind == _METHOD:
                return channel, struct.unpack(">HH", payload[:4]), payload[4:]

    def _frame(self) -> tuple[int, int, bytes]:
        head = self.rfile.read(7)
        if len(head) < 7:
            raise Gone
        kind, channel, size = struct.unpack(">BHI", head)
        payload = self.rfile.read(size)
        if self.rfile.read(1) != _END:
            raise Gone
        return kind, channel, payload

    def _send(self, channel: int, method: tuple[int, int], pattern: str, values: tuple[Any, ...]) -> None:
        self._write(
            _METHOD, channel, struct.pack(">HH", *method) + (dumps(pattern, values) if pattern else b"")
        )

    def _write(self, kind: int, channel: int, payload: bytes) -> None:
        self.wfile.write(struct.pack(">BHI", kind, channel, len(payload)) + payload + _END)
        self.wfile.flush()


class AmqpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    account: tuple[str, str]

    def settle(self, exchange: str, route: str, body: bytes) -> str:
        """Return what becomes of a message: ack, refuse (nack), return (no queue), or cut the connection."""
        raise NotImplementedError

    def queue_of(self, arguments: bytes) -> str:
        return str(loads("Bs", arguments, 0)[0][1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no event."""
