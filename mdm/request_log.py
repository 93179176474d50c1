"""One line in the log for each request: what was asked for, never the values it was asked by."""

from typing import TYPE_CHECKING

from django_structlog.middlewares import RequestMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's, without query strings: they name people by e-mail address, phone and name."""

    @staticmethod
    def format_request(request: "HttpRequest") -> str:
        return f"{request.method} {request.path}"
