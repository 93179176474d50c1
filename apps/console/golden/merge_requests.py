"""Merges and unmerges that wait for an approver: why, of what, and the answer."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.golden.forms import ReasonForm
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.console.values import Named, names_of
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.stewardship.models import MergeRequest, RequestStatus
from apps.stewardship.services import approve_operation, reject_operation

SHOWN = 50
"""Answered ones that are listed, the newest first."""


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """A request with what its records are called."""

    request: MergeRequest
    records: list[Named]

    @property
    def preview(self) -> str:
        """Return the address of the preview on the first record's page."""
        first, details = self.request.records[0], self.request.details
        page = f"golden_{self.request.operation}"
        link = reverse(f"admin:{page}", args=(self.request.entity, first))
        if self.request.operation == "merge":
            return f"{link}?with={self.request.records[-1]}"
        if details.get("merge"):
            return f"{link}?merge={details['merge']}"
        return f"{link}?" + "&".join(f"member={each}" for each in details.get("members", ()))


@screen("merges/", name="merge_requests")
class MergeRequestsView(ConsoleView):
    post_capability = Capability.APPROVE
    template_name = "console/golden/merge_requests.html"
    title = "Merges to approve"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        clear = user_may(self.request, Capability.UNMASK)
        waiting = list(MergeRequest.objects.filter(status=RequestStatus.PENDING))
        answered = list(
            MergeRequest.objects.exclude(status=RequestStatus.PENDING).order_by("-decided_at")[:SHOWN]
        )
        names = names_of([record for each in (*waiting, *answered) for record in each.records], clear=clear)

        def shown(requests: list[MergeRequest]) -> list[ShownRequest]:
            return [ShownRequest(each, [names[r] for r in each.records if r in names]) for each in requests]

        return super().get_context_data(**kwargs, waiting=shown(waiting), answered=shown(answered))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with failures_as_messages(request):
            form = ReasonForm(request.POST)
            if not form.is_valid():
                raise Invalid("Say why: the reason stays with the answer.")
            given = {"reason": form.cleaned_data["reason"], "now": utcnow()}
            pk = _request_of(request)
            if request.POST.get("answer") == "approve":
                approve_operation(request_id=pk, **given)
                messages.success(request, "Approved and carried out.")
            else:
                reject_operation(request_id=pk, **given)
                messages.success(request, "Rejected: the records stay as they are.")
        return redirect(reverse("admin:merge_requests"))


def _request_of(request: HttpRequest) -> UUID:
    try:
        return UUID(str(request.POST.get("request", "")))
    except ValueError as error:
        raise Invalid("This is no id; reload the page.") from error
