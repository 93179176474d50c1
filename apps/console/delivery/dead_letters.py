"""Dead letters: what a target refused for good, why, and replaying it, counted before it is done."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from apps.accounts.roles import Capability
from apps.connectors.models import Connection
from apps.console.acts import ActingView, whoever_acts
from apps.console.delivery.naming import named
from apps.console.paging import Numbered, page_number
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.distribution.contracts import DeadLetterFilter
from apps.distribution.selectors import count_dead_letters, dead_letter_codes, dead_letters
from apps.distribution.services import replay_dead_letters, skip_dead_letter
from apps.golden.registry import entities

SHOWN = 50


def filter_of(query: Mapping[str, str]) -> DeadLetterFilter:
    """Return the filter a query string asks for."""
    return DeadLetterFilter(
        connection=query.get("target", ""),
        entity=query.get("entity", ""),
        code=query.get("code", ""),
        owner=query.get("owner", ""),
        overdue_at=utcnow() if query.get("overdue") else None,
    )


@screen("dead-letters/", name="dead_letters")
class DeadLettersView(ActingView):
    """Due first. A bulk replay is first counted and shown, then confirmed."""

    title = "Dead letters"
    template_name = "console/delivery/dead_letters.html"
    acts: ClassVar = {
        "check": Capability.OPERATE,
        "check_all": Capability.OPERATE,
        "replay": Capability.OPERATE,
        "skip": Capability.OPERATE,
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        wanted = filter_of(query)
        page = page_number(query)
        letters = dead_letters(now=utcnow(), matching=wanted, limit=SHOWN + 1, offset=(page - 1) * SHOWN)
        listed = Numbered(letters[:SHOWN], page, len(letters) > SHOWN)
        names = named(self.request, [letter.record_id for letter in listed.rows])
        return super().get_context_data(
            **kwargs,
            letters=[(letter, names[str(letter.record_id)]) for letter in listed.rows],
            count=count_dead_letters(wanted),
            codes=dead_letter_codes(connection=wanted.connection),
            targets=list(Connection.objects.filter(subscriptions__isnull=False).distinct()),
            entities=list(entities.values()),
            listed=listed,
            query=query,
        )

    def _chosen(self, request: HttpRequest) -> dict[str, Any]:
        """Return what a POST speaks of: ticked lanes, or all that the filters show."""
        if request.POST.get("all"):
            return {"matching": filter_of(request.GET)}
        lanes = [int(each) for each in request.POST.getlist("lane") if each.isdecimal()]
        return {"lanes": lanes}

    def act_check(self, request: HttpRequest) -> HttpResponse:
        return self._ask(request, self._chosen(request))

    def act_check_all(self, request: HttpRequest) -> HttpResponse:
        return self._ask(request, {"matching": filter_of(request.GET)})

    def _ask(self, request: HttpRequest, chosen: dict[str, Any]) -> HttpResponse:
        """Count what a replay would send, and ask."""
        report = replay_dead_letters(
            actor=whoever_acts(), reason="count before replay", now=utcnow(), dry_run=True, **chosen
        )
        return self.show(
            would_replay=report.count,
            chosen=chosen.get("lanes", ()),
            all_of_them="matching" in chosen,
            reason=request.POST.get("reason", ""),
        )

    def act_replay(self, request: HttpRequest) -> None:
        report = replay_dead_letters(
            actor=whoever_acts(),
            reason=request.POST.get("reason", ""),
            now=utcnow(),
            **self._chosen(request),
        )
        messages.success(
            request,
            f"{report.count:,} sent again, in the order in which they were parked; watch the targets.",
        )

    def act_skip(self, request: HttpRequest) -> None:
        lanes = self._chosen(request).get("lanes", [])
        for lane in lanes:
            skip_dead_letter(
                lane=lane, actor=whoever_acts(), reason=request.POST.get("reason", ""), now=utcnow()
            )
        messages.success(request, f"{len(lanes):,} given up; later changes are delivered as usual.")
