"""Posted records: land them once, tell the pipeline, say what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

import orjson
from django.db import transaction

from apps.api.idempotency import Effect
from apps.api.problems import InvalidBody
from apps.core.bulk import raw_cursor
from apps.core.json import dumps
from apps.pipeline.services import run_pending
from apps.pipeline.tasks import run_pipeline
from apps.sources.models import Load
from apps.sources.services import land_posted

MOST_WAITED_FOR = 1_000
HIDDEN = "Hidden: whoever posted the row, or has the capability unmask, may read it."

LOAD_FIELDS = (
    "id", "system_id", "layout", "layout_version", "mode", "origin", "status", "error", "actor", "correlation_id",
    "started_at", "finished_at", "rows", "new", "changed", "unchanged", "stale", "skipped", "rejected",
)  # fmt: skip
ROW_FIELDS = (
    "id", "load_id", "row_number", "column", "code", "reason", "raw", "corrected", "status", "created_at",
    "resolved_at", "resolved_by",
)  # fmt: skip


def load_content(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a load as JSON content, from `.values(*LOAD_FIELDS)`."""
    return {"system" if name == "system_id" else name: row[name] for name in LOAD_FIELDS}


def rejected_content(row: Mapping[str, Any], *, hidden: bool) -> dict[str, Any]:
    """Return a rejected row as JSON content.

    Nobody has marked its columns as personal, so it is hidden as a whole, with the reason that may quote it.
    """
    content: dict[str, Any] = {"load" if name == "load_id" else name: row[name] for name in ROW_FIELDS}
    return {**content, "raw": None, "corrected": None, "reason": HIDDEN} if hidden else content


def kick_pipeline() -> None:
    """Wake a worker; losing the message costs seconds, the schedule finds what is pending."""
    transaction.on_commit(run_pipeline.delay, robust=True)


def land(
    *,
    layout: str,
    mode: Literal["full", "patch"],
    records: Sequence[Mapping[str, Any]],
    origin: str,
    now: datetime,
) -> Effect:
    """Land posted records as one load and wake the pipeline when that is committed."""
    load, _ = land_posted(layout_name=layout, records=records, mode=mode, origin=origin, now=now)
    kick_pipeline()
    [row] = Load.objects.filter(pk=load.pk).values(*LOAD_FIELDS)
    content: dict[str, Any] = {"load": load_content(row), "records": [], "pipeline": None}
    return Effect(201, orjson.loads(dumps(content)), location=f"/api/v1/loads/{load.pk}")


def refuse_long_wait(count: int) -> None:
    """Raise InvalidBody when waiting for so many records would hold the request too long."""
    if count > MOST_WAITED_FOR:
        detail = (
            f"Wait for at most {MOST_WAITED_FOR:,} records, or post without wait and ask for the load later."
        )
        raise InvalidBody(detail, errors=[{"pointer": "/records", "code": "maxItems", "detail": detail}])


def run_and_tell(content: Mapping[str, Any]) -> dict[str, Any]:
    """Run the pipeline here and now; return the content with what it did and the golden ids of the load's records."""
    report = run_pending()
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT s.system_id, s.entity, s.key, c.record_id FROM sources_sourcerecord s"
            " LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id WHERE s.load_id = %s"
            " ORDER BY s.row_number, s.entity, s.key LIMIT %s",
            (content["load"]["id"], 2 * MOST_WAITED_FOR),
        )
        names = ("system", "entity", "key", "id")
        records = [dict(zip(names, row, strict=True)) for row in cursor]
    return {**content, "records": records, "pipeline": asdict(report)}
