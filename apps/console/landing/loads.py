"""Loads: what was read, what became of it; and the rows of one load."""

from typing import Any

from django.shortcuts import get_object_or_404

from apps.accounts.roles import Capability
from apps.console.landing.reading import loads, reasons_of, records_of
from apps.console.masking import MASK, Sight
from apps.console.paging import newest_first
from apps.console.permissions import user_may
from apps.console.screens import ConsoleView, screen
from apps.golden.registry import entities, entity
from apps.sources.models import Load, SourceRecord, SourceSystem

COUNTERS = ("rows", "new", "changed", "unchanged", "stale", "skipped", "rejected")
RECORDS = 100


@screen("loads/", name="loads")
class LoadsView(ConsoleView):
    title = "Loads"
    template_name = "console/landing/loads.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        query = self.request.GET
        return super().get_context_data(
            **kwargs,
            page=newest_first(loads(query), query),
            systems=SourceSystem.objects.all(),
            statuses=Load.Status.choices,
            query=query,
        )


@screen("loads/<uuid:load_id>/", name="load")
class LoadView(ConsoleView):
    """Rejected rows by reason, and the source records whose present content came with this load."""

    template_name = "console/landing/load.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        load = get_object_or_404(Load.objects.select_related("system"), pk=kwargs["load_id"])
        after = self.request.GET.get("after", "")
        records = records_of(load, after=int(after) if after.isdecimal() else -1, size=RECORDS + 1)
        clear = user_may(self.request, Capability.UNMASK)
        took = (load.finished_at - load.started_at).total_seconds() if load.finished_at else None
        return super().get_context_data(
            **kwargs,
            title=f"Load of {load.origin or load.layout}",
            load=load,
            took=took,
            counters=[(name, getattr(load, name)) for name in COUNTERS],
            reasons=reasons_of(load),
            records=[(record, golden_of(record, clear=clear)) for record in records[:RECORDS]],
            after=records[RECORDS - 1].row_number if len(records) > RECORDS else None,
        )


def golden_of(record: SourceRecord, *, clear: bool) -> tuple[str, str, str] | None:
    """Return (id, code, title) of the golden record a source record belongs to; None while it has none."""
    crosswalk = getattr(record, "crosswalk", None)
    if crosswalk is None:
        return None
    golden = crosswalk.record
    known = golden.entity in entities
    title = Sight(entity(golden.entity), clear).title(golden.title) if known else MASK
    return str(golden.pk), golden.code, title
