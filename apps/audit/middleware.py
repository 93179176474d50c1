"""Opens the acting block of a web request for the signed-in user."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from apps.audit.context import Actor, acting
from apps.core.ids import uuid7

CORRELATION_HEADER = "X-Correlation-ID"


def correlation_of(request: HttpRequest) -> UUID:
    """Return the caller's correlation id when it is a UUID, else a new one."""
    try:
        return UUID(request.headers.get(CORRELATION_HEADER, ""))
    except ValueError:
        return uuid7()


class ActorMiddleware:
    """Place it after authentication; the response tells the correlation id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        actor = (
            Actor(name=user.get_username(), user_id=user.pk, kind="user")
            if user.is_authenticated
            else Actor(name="anonymous")
        )
        with acting(
            actor, reason=f"{request.method} {request.path}"[:100], correlation_id=correlation_of(request)
        ) as block:
            response = self.get_response(request)
        response[CORRELATION_HEADER] = str(block.correlation_id)
        return response
