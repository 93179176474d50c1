"""Screens with actions: a POST names one act, each act has its capability and calls one service."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.roles import Capability
from apps.audit.context import Actor, current
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, failures_as_messages

Goal = str | HttpResponse | None


class ActingView(ConsoleView):
    """A screen whose POSTs carry `act`; the method `act_<name>` returns where to go, an answer, or None to stay.

    Expected failures become messages; the screen is shown again.
    """

    acts: ClassVar[Mapping[str, Capability]] = {}

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        name = request.POST.get("act", "")
        capability = self.acts.get(name)
        if capability is None:
            raise BadRequest(f"There is no act {name!r} here.")
        if not user_may(request, capability):
            raise PermissionDenied(f"It needs the capability “{capability.value}”.")
        goal: Goal = None
        with failures_as_messages(request):
            goal = getattr(self, f"act_{name}")(request)
        if isinstance(goal, HttpResponse):
            return goal
        return redirect(goal or request.get_full_path())

    def show(self, **context: Any) -> HttpResponse:
        """Return the screen itself as the answer to a POST, with more context."""
        return self.render_to_response(self.get_context_data(**self.kwargs, **context))


def whoever_acts() -> Actor:
    """Return the actor whom the middleware named for this request."""
    return current().actor
