"""One rejected row: every column, the faulty one marked, corrections, replay and dismissal."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from apps.accounts.roles import Capability
from apps.console.acts import ActingView
from apps.console.landing.rejected import tell_outcome
from apps.console.permissions import user_may
from apps.console.screens import screen
from apps.core.clock import utcnow
from apps.sources.models import RejectedRow
from apps.sources.services import dismiss_rejected_row, replay_rejected_rows

LONG = 60
"""Longer texts get a field of several lines."""
PREFIX = "column:"


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of the row: as it came, and as the form shows it for correction."""

    name: str
    raw: str
    text: str
    faulty: bool

    @property
    def long(self) -> bool:
        return len(self.text) > LONG or "\n" in self.text

    @property
    def corrected(self) -> bool:
        return self.text != self.raw


def text_of(value: Any) -> str:
    """Return a value as a form field holds it: texts plainly, the rest as JSON, nothing as ""."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def value_of(text: str, before: Any) -> Any:
    """Return what a form field means, given the value it began with: untouched values keep their type."""
    if text.replace("\r\n", "\n") == text_of(before).replace("\r\n", "\n"):
        return before
    if isinstance(before, str) or (before is None and text):
        return text
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        return text


def is_faulty(name: str, column: str) -> bool:
    """Tell whether a problem's columns, which may be paths ("Signed_On, lines[0].net"), include this one."""
    places = (place.strip() for place in column.split(","))
    return any(place == name or place.startswith((f"{name}.", f"{name}[")) for place in places)


def cells_of(row: RejectedRow) -> list[Cell]:
    """Return the columns: the faulty one first, then those with a value, then the empty ones, by name."""
    corrected = row.corrected if isinstance(row.corrected, dict) else row.raw
    cells = [
        Cell(name, text_of(value), text_of(corrected.get(name, value)), is_faulty(name, row.column))
        for name, value in row.raw.items()
    ]
    return sorted(cells, key=lambda cell: (not cell.faulty, not cell.raw, cell.name.lower()))


@screen("rejected/<uuid:row_id>/", name="rejected_row")
class RejectedRowView(ActingView):
    """Replaying sends the row through its layout again; a row that is bad still comes back with its new reason."""

    template_name = "console/landing/rejected_row.html"
    acts: ClassVar = {"correct": Capability.DECIDE, "replay": Capability.DECIDE, "dismiss": Capability.DECIDE}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = get_object_or_404(RejectedRow.objects.select_related("load__system"), pk=kwargs["row_id"])
        clear = user_may(self.request, Capability.UNMASK)
        open_now = row.status == RejectedRow.Status.OPEN
        return super().get_context_data(
            **kwargs,
            title=f"Rejected row {row.row_number:,} of {row.load.origin or row.load.layout}",
            row=row,
            cells=cells_of(row) if clear else [],
            clear=clear,
            editable=open_now and clear and user_may(self.request, Capability.DECIDE),
            next_id=self._next(row),
        )

    def _next(self, row: RejectedRow) -> UUID | None:
        """Return the next open row of the same layout and code."""
        same = RejectedRow.objects.filter(status="open", code=row.code, load__layout=row.load.layout)
        return same.filter(pk__lt=row.pk).order_by("-pk").values_list("pk", flat=True).first()

    def _goal(self, row: RejectedRow) -> str:
        following = self._next(row)
        if following:
            return reverse("admin:rejected_row", args=(following,))
        return f"{reverse('admin:rejected_rows')}?layout={row.load.layout}"

    def _row(self) -> RejectedRow:
        return get_object_or_404(RejectedRow.objects.select_related("load"), pk=self.kwargs["row_id"])

    def act_correct(self, request: HttpRequest) -> str:
        row = self._row()
        data = dict(row.raw)
        for name, value in row.raw.items():
            text = request.POST.get(f"{PREFIX}{name}")
            if text is not None:
                data[name] = value_of(text, value)
        landed = replay_rejected_rows(row_ids=[row.pk], corrected={row.pk: data}, now=utcnow())
        tell_outcome(request, landed.counts)
        return self._goal(row)

    def act_replay(self, request: HttpRequest) -> str:
        row = self._row()
        tell_outcome(request, replay_rejected_rows(row_ids=[row.pk], now=utcnow()).counts)
        return self._goal(row)

    def act_dismiss(self, request: HttpRequest) -> str:
        row = self._row()
        dismiss_rejected_row(row_id=row.pk, now=utcnow())
        messages.success(request, f"Row {row.row_number:,} is dismissed; it stays readable.")
        return self._goal(row)
