"""Merge a golden record with another one: find it, look at what would become of both, confirm."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.golden.forms import ReasonForm
from apps.console.golden.header import RecordHead, head_or_404
from apps.console.golden.listing import Wanted, page_of
from apps.console.golden.merge_preview import Preview, preview_merge, suggestions_for
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.core.clock import utcnow
from apps.stewardship.services import propose_merge

MOST = 15


@screen("golden/<slug:entity>/<uuid:pk>/merge/", name="golden_merge")
class MergeView(ConsoleView):
    """`?q=` searches the other record, `?with=` previews the merge, POST carries it out."""

    capability = Capability.DECIDE
    template_name = "console/golden/merge.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        other = _uuid(request.GET.get("with", ""))
        preview = self._preview(head, other) if other else None
        return self._page(head, preview, ReasonForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        other, form = _uuid(request.POST.get("with", "")), ReasonForm(request.POST)
        if other is None or not form.is_valid():
            return self._page(head, self._preview(head, other) if other else None, form)
        with failures_as_messages(request):
            done = propose_merge(
                record_ids=[head.id, other], reason=form.cleaned_data["reason"], now=utcnow()
            )
            if done.record_id is None:
                messages.success(request, "An approver was asked: the merge waits under Merges to approve.")
                return redirect(head.link)
            messages.success(request, "Merged. The other record redirects here; Decisions has the undo.")
            return redirect(reverse("admin:golden_record", args=(head.spec.name, done.record_id)))
        return self._page(head, None, form)

    def _preview(self, head: RecordHead, other: UUID) -> Preview | None:
        with failures_as_messages(self.request):
            return preview_merge(head, other, now=utcnow())
        return None

    def _page(self, head: RecordHead, preview: Preview | None, form: ReasonForm) -> HttpResponse:
        q = self.request.GET.get("q", "").strip()[:200]
        found = []
        if preview is None:
            if q:
                listed = page_of(head.spec, Wanted(q=q), head.sight).records
                found = [each for each in listed if each.id != head.id][:MOST]
            else:
                found = suggestions_for(head, limit=MOST)
        return self.render_to_response(
            self.get_context_data(
                title=f"Merge {head.title}",
                head=head,
                spec=head.spec,
                q=q,
                found=found,
                preview=preview,
                form=form,
            )
        )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
