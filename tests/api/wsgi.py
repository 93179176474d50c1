"""Django as a WSGI application inside a test's transaction."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections


class Counting:
    """Django, and how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.django: WSGIHandler | None = None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        self.django = self.django or WSGIHandler()
        # As Django's own test client does: the test's connection must survive the request.
        request_started.disconnect(close_old_connections)
        try:
            return self.django(environ, start_response)
        finally:
            request_started.connect(close_old_connections)
