"""Pages for what cannot be shown: inside the site for who is signed in, plain for everybody else."""

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from structlog.contextvars import get_contextvars


@dataclass(frozen=True, slots=True)
class Fault:
    """What a page says: the status, in one line what happened, and what to do about it."""

    status: int
    icon: str
    title: str
    hint: str


NOT_HERE = Fault(
    404, "search_off", "There is nothing at this address", "It may have been typed wrongly, or merged away."
)
NOT_ALLOWED = Fault(
    403, "lock", "Your roles do not allow this", "An administrator gives roles to people, under People."
)
NOT_UNDERSTOOD = Fault(400, "help", "This was not understood", "Go back, reload the page and try once more.")
OUT_OF_DATE = Fault(
    403,
    "history_toggle_off",
    "The page you sent was out of date",
    "It was open for long, or you signed in again meanwhile. Nothing was changed: go back, reload and repeat.",
)
LOCKED = Fault(
    429,
    "lock_clock",
    "Too many wrong passwords",
    "This name is locked for a quarter of an hour. Who forgot the password asks an administrator for a new one.",
)
BROKEN = Fault(
    500,
    "error",
    "Something went wrong inside the hub",
    "Look what was done before you repeat it. Tell the operator this reference; the log knows the request by it.",
)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, NOT_HERE, _said(exception))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, NOT_ALLOWED, _said(exception))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, NOT_UNDERSTOOD, _said(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, OUT_OF_DATE, "")


def locked_out(_request: HttpRequest, _credentials: object = None, *_: object) -> HttpResponse:
    return _plain(LOCKED, "")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without the database, which may be what is broken."""
    return _plain(BROKEN, str(get_contextvars().get("request_id", "")))


def _said(exception: Exception) -> str:
    """Return what our own code says; what Django says of addresses is a mapping, of rows a name of a class."""
    said = exception.args[0] if exception.args else ""
    return said if isinstance(said, str) and not said.endswith("matches the given query.") else ""


def _page(request: HttpRequest, fault: Fault, said: str) -> HttpResponse:
    if not request.path_info.startswith("/admin/") or not admin.site.has_permission(request):
        return _plain(fault, "")
    context = {**admin.site.each_context(request), "title": fault.title, "fault": fault, "said": said}
    return render(request, "console/error.html", context, status=fault.status)


def _plain(fault: Fault, reference: str) -> HttpResponse:
    html = render_to_string("console/error_plain.html", {"fault": fault, "reference": reference})
    return HttpResponse(html, status=fault.status)
