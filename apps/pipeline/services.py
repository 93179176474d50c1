"""Verbs of the pipeline: run what is pending, re-match an entity."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.bulk import retry_deadlocks
from apps.core.clock import utcnow
from apps.core.errors import HubError
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec
from apps.matching.models import CandidatePair, MatchRun, PairStatus, ReviewLimit
from apps.matching.selectors import active_rule, needs_first_rematch
from apps.matching.services import fill_review_queue
from apps.pipeline.activating import (
    apply_match_rule,
    apply_ownership,
    apply_survivorship,
    recompute_entities,
    roll_back_match_rule,
    survey_entity,
)
from apps.pipeline.contracts import BatchReport
from apps.pipeline.faults import RECORD_FAULTS
from apps.pipeline.recomputing import (
    cancel_recomputation,
    resume_recomputation,
    work_on_recomputation,
)
from apps.pipeline.rematching import rematch_entity, summary_of, work_on_rematch
from apps.pipeline.run import run_batch
from apps.pipeline.runs import cancel_rematch, request_rematch, resume_rematch
from apps.sources.selectors import pending_entities
from apps.sources.services import quarantine_pending

BATCH = 2_000
ROUNDS = 20
"""Times the entities are gone through: a record may wake others that refer to it."""

MAX_QUARANTINED = 100
"""Records one run may set aside; more of them show a fault of the hub, not of the records."""

log = logging.getLogger(__name__)

__all__ = [
    "BATCH",
    "TooManyQuarantined",
    "apply_match_rule",
    "apply_ownership",
    "apply_survivorship",
    "cancel_recomputation",
    "cancel_rematch",
    "fill_review_queues",
    "queue_first_rematches",
    "recompute_entities",
    "rematch_entity",
    "request_rematch",
    "resume_recomputation",
    "resume_rematch",
    "roll_back_match_rule",
    "run_pending",
    "summary_of",
    "survey_entity",
    "work_on_recomputation",
    "work_on_rematch",
]


class TooManyQuarantined(HubError):
    code = "too_many_quarantined"
    title = "The pipeline fails on record after record and was stopped"
    status = 500


def run_pending(*, batch: int = BATCH, progress: Callable[[BatchReport], None] | None = None) -> BatchReport:
    """Run the pipeline until nothing is pending; each batch is a transaction of its own."""
    total = BatchReport()
    waiting = pending_entities(names=list(entities.names()))
    for _ in range(ROUNDS):
        for spec in entities.values():
            while spec.name in waiting:
                report = _run_or_isolate(spec, batch)
                waiting = pending_entities(names=list(entities.names()))  # it may have woken others
                if not (report.records or report.quarantined):
                    break  # others have what waits
                total.add(report)
                if total.quarantined > MAX_QUARANTINED:
                    raise TooManyQuarantined(f"{total.quarantined} records failed in one run; see the log.")
                if progress:
                    progress(report)
        if not waiting:
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
    except RECORD_FAULTS as error:
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


@transaction.atomic
def fill_review_queues() -> int:
    """Open reviews that waited for room, as far as there is room by now; return how many."""
    opened = 0
    for limit in ReviewLimit.objects.select_for_update(skip_locked=True).filter(left_out__gt=0):
        spec = entity(limit.entity)
        waiting = CandidatePair.objects.filter(entity=spec.name, status=PairStatus.OPEN).count()
        if spec.match.strategy == "fuzzy" and waiting < limit.most:
            rule = active_rule(spec.name)
            opened += fill_review_queue(spec=spec, rule=rule, now=utcnow()).opened
    return opened


def queue_first_rematches(*, now: datetime) -> list[MatchRun]:
    """Queue a re-match of every entity with records that an older hub prepared otherwise, or not at all."""
    return [
        request_rematch(entity_name=spec.name, now=now)
        for spec in entities.values()
        if spec.match.strategy == "fuzzy" and needs_first_rematch(entity_name=spec.name)
    ]
