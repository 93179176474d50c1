"""Run what is pending, and re-match everything."""

import logging
from collections.abc import Callable
from uuid import UUID

import psycopg
from django.db import DataError, IntegrityError, transaction

from apps.audit.context import because
from apps.core.bulk import retry_deadlocks
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import MatchRun
from apps.matching.selectors import active_rule
from apps.matching.services import match_everything
from apps.pipeline.contracts import BatchReport
from apps.pipeline.run import run_batch
from apps.sources.selectors import pending_counts
from apps.sources.services import quarantine_pending
from apps.stewardship.services import merge_records

BATCH = 2_000
ROUNDS = 20
"""Times the entities are gone through: a record may wake others that refer to it."""

MAX_QUARANTINED = 100
"""Records one run may set aside; more of them show a fault of the hub, not of the records."""

_RECORD_FAULTS = (
    DataError,
    IntegrityError,
    psycopg.DataError,
    psycopg.IntegrityError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
)

log = logging.getLogger(__name__)


class TooManyQuarantined(HubError):
    code = "too_many_quarantined"
    title = "The pipeline fails on record after record and was stopped"
    status = 500


def run_pending(*, batch: int = BATCH, progress: Callable[[BatchReport], None] | None = None) -> BatchReport:
    """Run the pipeline until nothing is pending; each batch is a transaction of its own."""
    total = BatchReport()
    for _ in range(ROUNDS):
        for spec in entities.values():
            while (report := _run_or_isolate(spec, batch)).records or report.quarantined:
                total.add(report)
                if total.quarantined > MAX_QUARANTINED:
                    raise TooManyQuarantined(f"{total.quarantined} records failed in one run; see the log.")
                if progress:
                    progress(report)
        if not pending_counts():
            break
    return total


def _run_or_isolate(spec: EntitySpec, size: int) -> BatchReport:
    """Run a batch; when it fails, halve it until the record at fault stands alone, and keep that one aside.

    A batch that met a deadlock with a load is run again. What is no record's fault (database out of reach, missing
    table) is raised.
    """
    claimed: list[UUID] = []
    try:
        return retry_deadlocks(lambda: run_batch(spec=spec, limit=size, now=utcnow(), claimed=claimed))
    except _RECORD_FAULTS as error:
        if size > 1:
            log.warning("pipeline.batch.failed entity=%s size=%s", spec.name, size, exc_info=error)
            return _run_or_isolate(spec, size // 2)
        if not claimed:
            raise
        log.exception("pipeline.record.quarantined entity=%s id=%s", spec.name, claimed[-1])
        return _quarantine(claimed[-1], error)


def _quarantine(culprit: UUID, error: Exception) -> BatchReport:
    """Set aside the record that a batch of one failed on, unless another worker brought it through meanwhile."""
    told = str(error).partition("\n")[0]  # what follows may quote values of the row
    reason = f"The hub failed on this record ({type(error).__name__}: {told}). Correct it and replay it."
    done = quarantine_pending(source_record_id=culprit, reason=reason, now=utcnow())
    return BatchReport(quarantined=int(done))


def rematch_entity(*, entity_name: str) -> MatchRun:
    """Compare all records of an entity again, merge what matches and queue what a steward must decide."""
    spec, rule = entity(entity_name), active_rule(entity_name)
    run = MatchRun.objects.create(entity=entity_name, rule_version=rule.version, started_at=utcnow())
    lines: list[str] = []

    def report(line: str) -> None:
        lines.append(f"{utcnow():%H:%M:%S} {line}")
        MatchRun.objects.filter(pk=run.pk).update(log="\n".join(lines))

    try:
        with because(f"re-match {entity_name}"):
            with transaction.atomic():
                found = match_everything(spec=spec, rule=rule, now=utcnow(), report=report)
            merged = sum(_merge(records, report) for records in found.merges)
    except Exception as error:
        report(f"failed: {error}")
        MatchRun.objects.filter(pk=run.pk).update(status=MatchRun.Status.FAILED, finished_at=utcnow())
        raise
    report("done")
    MatchRun.objects.filter(pk=run.pk).update(
        status=MatchRun.Status.DONE,
        finished_at=utcnow(),
        records=found.records,
        pairs=found.pairs,
        merges=merged,
        reviews=found.reviews,
    )
    run.refresh_from_db()
    return run


def _merge(records: tuple[UUID, ...], report: Callable[[str], None]) -> int:
    """Merge one set of golden records in a transaction of its own; a veto is reported, the rest goes on."""
    try:
        merge_records(record_ids=records, method="match", reason="re-match", now=utcnow())
    except HubError as veto:
        report(f"not merged {', '.join(map(str, records))}: {veto}")
        return 0
    return len(records) - 1
