"""Release a pin: one service call, then back to the record."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.roles import Capability
from apps.console.golden.forms import ReasonForm
from apps.console.golden.header import head_or_404
from apps.console.screens import CapabilityRequired, failures_as_messages, screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.stewardship.services import release_pin


def _reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise Invalid("Say why: the reason stays with the decision.")
    return str(form.cleaned_data["reason"])


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise Invalid("This is no id; reload the page.") from error


@screen("golden/<slug:entity>/<uuid:pk>/release/", name="golden_release")
class ReleaseView(CapabilityRequired):
    http_method_names = ["post"]
    capability = Capability.DECIDE

    def post(self, request: HttpRequest, entity: str, pk: UUID) -> HttpResponse:
        head = head_or_404(request, entity, pk)
        with failures_as_messages(request):
            [pin] = _ids([request.POST.get("pin", "")])
            release_pin(pin_id=pin, reason=_reason(request), now=utcnow())
            messages.success(request, "Released: systems and rules decide on this value again.")
        return redirect(head.link)
