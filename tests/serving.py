"""The hub over real HTTP on loopback, as production serves it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.db import connections

from apps.api.lane import FastLane


class Silent(WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, format: str, *args: Any) -> None:
        return


class Threaded(ThreadingMixIn, WSGIServer):
    """A thread per request, which gives its database connection back."""

    daemon_threads = False

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        super().process_request_thread(request, client_address)
        connections.close_all()


@contextmanager
def hub_address() -> Iterator[str]:
    """Serve the hub while the block runs; the address ends before /api."""
    server = make_server("127.0.0.1", 0, FastLane(WSGIHandler()), server_class=Threaded, handler_class=Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
