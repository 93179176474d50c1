"""Rejected rows: the list with bulk replay, and what a replay came to in words."""

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.landing.reading import open_reasons, rejected_rows
from apps.console.paging import COUNTED, counted, newest_first, uuid_of
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.core.errors import Invalid
from apps.sources.contracts import Counts
from apps.sources.models import RejectedRow
from apps.sources.services import dismiss_rejected_row, replay_rejected_rows

MOST = 2_000
"""Rows one bulk replay takes."""
_WORDS = {
    "new": "new",
    "changed": "changed",
    "unchanged": "already known",
    "stale": "older than what is known",
    "skipped": "skipped by the layout",
    "rejected": "rejected again",
}


def outcome_words(counts: Counts) -> str:
    """Return what became of replayed rows in words: "3 rows replayed: 2 new, 1 rejected again"."""
    rows = f"{counts.rows:,} row{'' if counts.rows == 1 else 's'} replayed"
    parts = [
        f"{value:,} {_WORDS[name]}" for name, value in asdict(counts).items() if value and name in _WORDS
    ]
    return f"{rows}: {', '.join(parts) or 'nothing came of it'}."


def tell_outcome(request: HttpRequest, counts: Counts) -> None:
    level = messages.WARNING if counts.rejected else messages.SUCCESS
    messages.add_message(request, level, outcome_words(counts))


class NothingChosen(Invalid):
    code = "nothing_chosen"
    title = "No row is selected; tick the rows first"


@screen("rejected/", name="rejected_rows")
class RejectedRowsView(ActingView):
    """Newest first; a reason at the top narrows the list to one layout and code."""

    title = "Rejected rows"
    template_name = "console/landing/rejected_rows.html"
    acts: ClassVar = {
        "replay": Capability.DECIDE,
        "replay_all": Capability.DECIDE,
        "dismiss": Capability.DECIDE,
    }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        rows = rejected_rows(query)
        reasons = open_reasons()
        return super().get_context_data(
            **kwargs,
            page=newest_first(rows.select_related("load"), query),
            count=counted(rows),
            counted=COUNTED,
            reasons=reasons,
            layouts=sorted({each.layout for each in reasons} | {query.get("layout", "")} - {""}),
            codes=sorted({each.code for each in reasons} | {query.get("code", "")} - {""}),
            statuses=RejectedRow.Status.choices,
            status=query.get("status", RejectedRow.Status.OPEN),
            clear=user_may(self.request, Capability.UNMASK),
            most=MOST,
        )

    def _chosen(self, request: HttpRequest) -> list[UUID]:
        chosen = [each for each in map(uuid_of, request.POST.getlist("row")) if each]
        if not chosen:
            raise NothingChosen
        return chosen

    def act_replay(self, request: HttpRequest) -> None:
        self._replay(request, RejectedRow.objects.filter(pk__in=self._chosen(request)))

    def act_replay_all(self, request: HttpRequest) -> None:
        """Replay every open row that the filters show: what one does after mending a mapping."""
        self._replay(request, rejected_rows({**request.GET.dict(), "status": "open"}).order_by("pk")[:MOST])

    def _replay(self, request: HttpRequest, rows: Iterable[RejectedRow]) -> None:
        """One call per layout and mode: rows of different layouts cannot share a load."""
        known = RejectedRow.objects.filter(pk__in=[row.pk for row in rows]).select_related("load")
        layouts = sorted((row.load.layout, row.load.mode, row.pk) for row in known)
        total = Counts()
        for _, group in groupby(layouts, key=lambda each: each[:2]):
            landed = replay_rejected_rows(row_ids=[pk for _, _, pk in group], now=utcnow())
            total.add(landed.counts)
        tell_outcome(request, total)

    def act_dismiss(self, request: HttpRequest) -> None:
        chosen = self._chosen(request)
        for pk in chosen:
            dismiss_rejected_row(row_id=pk, now=utcnow())
        messages.success(request, f"{len(chosen):,} dismissed; they stay readable under “dismissed”.")
