"""The HTTP server around a sandbox system: loopback only, threads, keep-alive, bounded bodies."""

import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from apps.connectors.sandbox.messages import Reply, Request
from apps.connectors.sandbox.system import SandboxSystem

_MAX_BODY = 16 * 1024 * 1024
_IDLE_SECONDS = 60


class SandboxServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, system: SandboxSystem, port: int) -> None:
        self.system = system
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no event; the worker process may be killed at any moment."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    server: SandboxServer

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _MAX_BODY:
            self._send(Reply(413, {"error": "the body is too large"}))
            self.close_connection = True
            return
        body = self.rfile.read(length) if length else b""
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            url=f"http://{self.headers.get('Host', '')}{self.path}",
        )
        try:
            reply = self.server.system.answer(request)
        except Exception as error:
            self.log_error("sandbox failed: %r", error)
            reply = Reply(500, {"error": repr(error)})
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        if reply.wait:
            time.sleep(reply.wait)
        if reply.drop:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        packed = reply.packed()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", **reply.headers}
        if not packed:
            headers.pop("Content-Type", None)
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(packed)))
        self.end_headers()
        if packed and self.command != "HEAD":
            self.wfile.write(packed)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: the journal tells what happened."""
