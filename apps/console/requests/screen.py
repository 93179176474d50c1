"""Change requests on screen: the queue with bulk answers, and one request with its diff."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.golden.header import head_or_404
from apps.console.golden.members import member_records
from apps.console.golden.values_tab import matrix
from apps.console.permissions import user_may
from apps.console.requests.queue import (
    Wanted,
    differences_of,
    find_request,
    group_counts,
    is_own,
    neighbour,
    queue_page,
    spec_of,
)
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.console.values import names_of, reference_ids
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.golden.registry import entities
from apps.stewardship.models import ChangeRequest, RequestStatus
from apps.stewardship.services import approve_request, reject_request

MOST_AT_ONCE = 200


class AnswerForm(forms.Form):
    """An approver's answer; a rejection needs its reason, so that the source's owner learns why."""

    answer = forms.ChoiceField(choices=[("approve", "approve"), ("reject", "reject")])
    reason = forms.CharField(max_length=500, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("answer") == "reject" and not cleaned.get("reason"):
            self.add_error("reason", "Say why it is rejected.")
        return cleaned


def answer(request_id: UUID, form: AnswerForm, *, now: datetime) -> ChangeRequest:
    """Carry out one answer. Raises what the services raise."""
    verb = approve_request if form.cleaned_data["answer"] == "approve" else reject_request
    return verb(request_id=request_id, reason=form.cleaned_data["reason"], now=now)


def _wanted(query: Mapping[str, str]) -> Wanted:
    moment, _, pk = query.get("after", "").partition("|")
    try:
        after = (datetime.fromisoformat(moment), UUID(pk))
    except ValueError:
        after = None
    return Wanted(
        status=query.get("status", RequestStatus.PENDING),
        entity=query.get("entity", ""),
        group=query.get("group", ""),
        whose=query.get("whose", ""),
        overdue=query.get("overdue") == "1",
        after=after,
    )


def _complain(request: HttpRequest, form: AnswerForm) -> None:
    for errors in form.errors.values():
        for error in errors:
            messages.error(request, str(error))


@screen("requests/", name="requests")
class RequestQueueView(ConsoleView):
    """The first due first; POST answers the selected ones with one reason."""

    title = "Change requests"
    template_name = "console/requests/list.html"
    post_capability = Capability.APPROVE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted, now = _wanted(self.request.GET), utcnow()
        queued, more = queue_page(
            wanted, clear=user_may(self.request, Capability.UNMASK), user_id=self.request.user.pk, now=now
        )
        return super().get_context_data(
            **kwargs,
            wanted=wanted,
            queued=queued,
            more=more,
            statuses=RequestStatus.choices,
            specs=list(entities.values()),
            groups=group_counts(),
            can_answer=wanted.status == RequestStatus.PENDING and user_may(self.request, Capability.APPROVE),
        )

    def post(self, request: HttpRequest) -> HttpResponse:
        form, chosen = AnswerForm(request.POST), request.POST.getlist("request")[:MOST_AT_ONCE]
        if not chosen:
            messages.error(request, "Choose at least one request.")
        elif not form.is_valid():
            _complain(request, form)
        else:
            self._answer_all(chosen, form)
        return redirect(request.get_full_path())

    def _answer_all(self, chosen: Sequence[str], form: AnswerForm) -> None:
        """Answer each in a transaction of its own: one that fails does not take the others along."""
        done, failures = 0, []
        for text in chosen:
            try:
                answer(UUID(text), form, now=utcnow())
                done += 1
            except (HubError, ValueError, ChangeRequest.DoesNotExist) as failure:
                failures.append(str(failure))
        if done:
            word = "Approved" if form.cleaned_data["answer"] == "approve" else "Rejected"
            messages.success(self.request, f"{word} {done} of {len(chosen)}.")
        for reason in dict.fromkeys(failures):
            messages.error(self.request, f"{failures.count(reason)} not answered: {reason}")


@screen("requests/<uuid:pk>/", name="request")
class RequestView(ConsoleView):
    """One request; POST answers it and goes on to the next one that waits."""

    template_name = "console/requests/request.html"
    post_capability = Capability.APPROVE

    def _request_or_404(self, pk: UUID) -> ChangeRequest:
        found = find_request(pk)
        if found is None:
            raise Http404("There is no such change request.")
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self._request_or_404(kwargs["pk"])
        spec = spec_of(asked)
        head = head_or_404(self.request, spec.name, asked.record_id)
        sight = head.sight
        members = member_records(spec, head.id, sight)
        names = names_of(
            reference_ids(spec, head.document, *(member.values for member in members)), clear=sight.clear
        )
        said = [
            row
            for row in matrix(spec, head.document, members, names, sight)
            if row.group == asked.group and any(text for text, _ in row.cells)
        ]
        pending = asked.status == RequestStatus.PENDING
        own = is_own(asked, self.request.user.pk)
        return super().get_context_data(
            **kwargs,
            title=f"Change of {asked.group.replace('_', ' ')}",
            asked=asked,
            spec=spec,
            head=head,
            members=members,
            rows=said,
            differences=differences_of(asked, sight, head.document.get("provenance", {})),
            pending=pending,
            overdue=pending and asked.due_at < utcnow(),
            own=own,
            can_answer=pending and not own and user_may(self.request, Capability.APPROVE),
            following=neighbour(asked),
        )

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        asked, form = self._request_or_404(pk), AnswerForm(request.POST)
        if not form.is_valid():
            _complain(request, form)
            return redirect(reverse("admin:request", args=(pk,)))
        following = neighbour(asked)
        with failures_as_messages(request):
            answered = answer(pk, form, now=utcnow())
            told = (
                "applied and on its way to the targets" if answered.status == "approved" else "kept as it was"
            )
            messages.success(request, f"{answered.get_status_display().capitalize()}: {told}.")
            if following is not None:
                return redirect(reverse("admin:request", args=(following.pk,)))
            return redirect(reverse("admin:requests"))
        return redirect(reverse("admin:request", args=(pk,)))
