"""Split members out, undo a merge, release a pin: one service call each, then back to the record."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.golden.forms import ReasonForm
from apps.console.golden.header import head_or_404
from apps.console.screens import CapabilityRequired, failures_as_messages, screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.stewardship.services import release_pin, split_records, undo_merge


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


@screen("golden/<slug:entity>/<uuid:pk>/split/", name="golden_split")
class SplitView(CapabilityRequired):
    http_method_names = ["post"]
    capability = Capability.DECIDE

    def post(self, request: HttpRequest, entity: str, pk: UUID) -> HttpResponse:
        head = head_or_404(request, entity, pk)
        with failures_as_messages(request):
            members = _ids(request.POST.getlist("member"))
            new = split_records(
                record_id=head.id, source_record_ids=members, reason=_reason(request), now=utcnow()
            )
            messages.success(request, "Split out: this is the new golden record of the chosen members.")
            return redirect(reverse("admin:golden_record", args=(entity, new)))
        return redirect(f"{head.link}?tab=members")


@screen("golden/<slug:entity>/<uuid:pk>/unmerge/", name="golden_unmerge")
class UnmergeView(CapabilityRequired):
    http_method_names = ["post"]
    capability = Capability.DECIDE

    def post(self, request: HttpRequest, entity: str, pk: UUID, **_: Any) -> HttpResponse:
        head = head_or_404(request, entity, pk)
        with failures_as_messages(request):
            [merge] = _ids([request.POST.get("merge", "")])
            undo_merge(merge_id=merge, reason=_reason(request), now=utcnow())
            messages.success(request, "Undone: the other record is live again, and both are kept apart.")
        return redirect(f"{head.link}?tab=decisions")


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
