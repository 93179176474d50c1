"""Correct, replay and dismiss rejected rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.audit.context import current
from apps.connectors.selectors import active_layout
from apps.core.errors import Conflict
from apps.sources.contracts import Landed, Mode, Row
from apps.sources.models import RejectedRow, SourceRecord
from apps.sources.readers.json_lines import json_row
from apps.sources.services.loads import close_load, land_rows, open_load

FAILED_AFTER_LANDING = ("cycle", "pipeline_failed", "not_owner")


@transaction.atomic
def replay_rejected_rows(
    *, row_ids: Sequence[UUID], now: datetime, corrected: Mapping[UUID, Mapping[str, Any]] | None = None
) -> Landed:
    """Land open rejected rows again, as corrected where a correction is given, each under its load's layout.

    A row that is bad still becomes a new rejected row with its new reason. Raises Conflict when one of the rows was
    replayed or dismissed meanwhile, and when they belong to different layouts.
    """
    rows = list(
        RejectedRow.objects.select_for_update().select_related("load").filter(pk__in=row_ids).order_by("pk")
    )
    if len(rows) != len(set(row_ids)) or any(row.status != RejectedRow.Status.OPEN for row in rows):
        raise Conflict("Only open rejected rows can be replayed; reload the list.")
    layouts = {row.load.layout for row in rows}
    if len(layouts) != 1:
        raise Conflict("Replay rows of one layout at a time.")
    layout = active_layout(layouts.pop())
    load = open_load(
        layout=layout, mode=cast(Mode, rows[0].load.mode), origin=f"replay of {rows[0].load.origin}", now=now
    )
    again = []
    for row in rows:
        data = dict((corrected or {}).get(row.pk) or row.corrected or row.raw)
        row.corrected = data
        row.status, row.resolved_at, row.resolved_by = RejectedRow.Status.REPLAYED, now, current().actor.name
        row.save(update_fields=["corrected", "status", "resolved_at", "resolved_by"])
        checked = json_row(row.row_number, data)
        again.append(Row(row.row_number, checked.data, checked.problem))
    landed = land_rows(load=load, layout=layout, rows=again, now=now)
    close_load(load=load, now=now)
    _compute_again(rows, now=now)
    return landed


def _compute_again(rows: Sequence[RejectedRow], *, now: datetime) -> None:
    """Have landed records mastered again whose row is the same, but not what made it fail after landing."""
    for row in rows:
        if row.code in FAILED_AFTER_LANDING:
            landed = Q(pk=row.source_record_id) | Q(load=row.load, row_number=row.row_number)
            SourceRecord.objects.filter(landed, pending_since=None).update(pending_since=now)


@transaction.atomic
def dismiss_rejected_row(*, row_id: UUID, now: datetime) -> None:
    """Take a rejected row off the list for good; it stays readable. Raises Conflict when it is not open."""
    row = RejectedRow.objects.select_for_update().get(pk=row_id)
    if row.status != RejectedRow.Status.OPEN:
        raise Conflict("This row was replayed or dismissed already; reload the list.")
    row.status, row.resolved_at, row.resolved_by = RejectedRow.Status.DISMISSED, now, current().actor.name
    row.save(update_fields=["status", "resolved_at", "resolved_by"])
