"""Edit values of a golden record by hand: pinned at once or held for an approver, by policy."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.roles import Capability
from apps.console.golden.forms import ValuesForm, editable_attributes
from apps.console.golden.header import RecordHead, head_or_404
from apps.console.screens import ConsoleView, failures_as_messages, screen
from apps.console.values import title_of
from apps.core.clock import utcnow
from apps.mastering.models import Pin
from apps.mastering.selectors import active_ownership
from apps.mastering.services import ANY, STEWARD
from apps.stewardship.selectors import active_policy, answers_for
from apps.stewardship.services import propose_values


@screen("golden/<slug:entity>/<uuid:pk>/edit/", name="golden_edit")
class EditValuesView(ConsoleView):
    """`?group=` chooses the attribute group."""

    capability = Capability.DECIDE
    template_name = "console/golden/edit.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        return self._page(head, ValuesForm(head, self._group(head)))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        head = head_or_404(request, kwargs["entity"], kwargs["pk"])
        form = ValuesForm(head, self._group(head), request.POST)
        if not form.is_valid():
            return self._page(head, form)
        values = form.changed_values()
        if not values:
            messages.info(request, "Nothing was changed.")
            return redirect(head.link)
        with failures_as_messages(request):
            applied = propose_values(
                record_id=head.id,
                values=values,
                reason=form.cleaned_data["reason"],
                expires_at=form.expires_at,
                now=utcnow(),
            )
            self._tell(head, set(values), set(applied.changes[0].changed))
            return redirect(head.link)
        return self._page(head, form)

    def _tell(self, head: RecordHead, asked: set[str], applied: set[str]) -> None:
        """Say which of the proposed values hold now, and which wait for an approver."""
        pinned = set(
            Pin.objects.filter(record_id=head.id, attribute__in=asked, ended_at__isnull=True).values_list(
                "attribute", flat=True
            )
        )
        now, held = (asked & applied) | pinned, asked - applied - pinned
        if now:
            names = ", ".join(title_of(head.spec, name) for name in sorted(now))
            messages.success(self.request, f"Pinned and applied: {names}.")
        if held:
            names = ", ".join(title_of(head.spec, name) for name in sorted(held))
            messages.warning(
                self.request,
                f"Not applied: waits for an approver or an owner, or is kept as evidence: {names}.",
            )

    def _group(self, head: RecordHead) -> str:
        groups = self._groups(head)
        wanted = self.request.GET.get("group", "")
        return wanted if wanted in groups else groups[0]

    def _groups(self, head: RecordHead) -> list[str]:
        return [name for name in head.spec.groups() if editable_attributes(head, name)]

    def _page(self, head: RecordHead, form: ValuesForm) -> HttpResponse:
        group = self._group(head)
        states, hours = active_policy().rules.get((head.spec.name, group), (None, 0))
        held = states is not None and (not states or head.state in states)
        place = str(head.values.get(head.spec.legal_entity) or ANY) if head.spec.legal_entity else ANY
        owned = active_ownership().of(head.spec.name, group, head.state, place)
        return self.render_to_response(
            self.get_context_data(
                title=head.title, head=head, spec=head.spec, form=form, group=group,
                groups=self._groups(head), held=held, hours=hours, owner=owned.system_of_record, rule=owned.rule,
                owned=STEWARD not in owned.verdicts, on_people=owned.on_people.value,
                may_own=answers_for(owned.system_of_record),
            )
        )  # fmt: skip
