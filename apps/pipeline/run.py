"""The pipeline: source records that changed become golden records and news for the systems that need them.

    ERP/CRM ─> sources ─> quality ─> matching ─> mastering ─> stewardship ─> outbox ─> distribution ─> ERP/CRM
               landing    standardize  match     plan/apply   route          publish   deliver

One batch of one entity is one transaction: it happens whole or not at all, and what it takes with it (crosswalk,
golden rows, history, events, delivery lanes) is committed with it. A worker that dies leaves its records pending.
Workers standardize side by side; from matching on they take turns, so that each sees what the others decided.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.context import SYSTEM, Actor, ActorKind, acting
from apps.core.bulk import plan_once, raw_cursor
from apps.core.collecting import collector_held
from apps.core.ids import uuid7
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Move, Plan
from apps.mastering.services import apply_plan, plan_records, take_turn
from apps.matching.contracts import Matched, ToMatch
from apps.matching.services import match_batch
from apps.pipeline.contracts import BatchReport, Merged
from apps.pipeline.echoes import Guarded, at_home, hold_swings, listen
from apps.quality.selectors import active_codes
from apps.quality.services import mark_echoes, standardize_records, store_standardized
from apps.sources.contracts import PendingRecord
from apps.sources.selectors import homes_of, told_by
from apps.sources.services import claim_pending, finish_pending
from apps.stewardship.services import check_written, merge_groups, route_plan

MERGED_BECAUSE = "A source record matches both"

log = logging.getLogger(__name__)


@collector_held()
@transaction.atomic
def run_batch(
    *, spec: EntitySpec, limit: int, now: datetime, claimed: list[UUID] | None = None
) -> BatchReport:
    """Take up to `limit` pending source records of one entity through all stages; an empty report: none waits.

    `claimed` is filled with their ids, for a caller who must know them should the batch fail.
    """
    with raw_cursor() as cursor:
        plan_once(cursor)
    landed = claim_pending(entity=spec.name, limit=limit)
    if claimed is not None:
        claimed.extend(record.id for record in landed)
    if not landed:
        return BatchReport()
    with in_the_name_of(landed):
        return run_claimed(spec, landed, now=now)


@contextmanager
def in_the_name_of(landed: Sequence[PendingRecord]) -> Iterator[None]:
    """Act for whoever brought the batch, in his business transaction; for the hub where several did."""
    told = told_by(load_ids=[record.load_id for record in landed])
    if told is None:
        with acting(SYSTEM, reason="source records of several loads", correlation_id=uuid7()):
            yield
    else:
        kind: ActorKind = "service" if told.actor_id else "system"
        actor = Actor(name=told.actor, user_id=told.actor_id, kind=kind)
        with acting(actor, reason=f"load {told.origin}", correlation_id=told.correlation_id):
            yield


def run_claimed(spec: EntitySpec, landed: Sequence[PendingRecord], *, now: datetime) -> BatchReport:
    """Take claimed records through all stages, in the running transaction."""
    to_match, guarded = standardize(spec, landed, now=now)
    take_turn()
    matched = at_home(match_batch(spec=spec, records=to_match, now=now), guarded)
    news = [record for record in landed if record.id not in guarded.echoes]
    plan = master(spec, news, matched, now=now)
    routed = route_plan(plan=plan, now=now)
    # Before applying, which wakes the records that refer to new ones: some may be of this very batch.
    finish_pending(ids=[record.id for record in landed])
    apply_plan(plan=routed, now=now)
    check_written(plan=routed, now=now)
    hold_swings(spec, landed, guarded, now=now)
    merged = merge(matched, now=now)
    return BatchReport.of(landed, matched, plan, routed, merged.sets)


def standardize(
    spec: EntitySpec, landed: Sequence[PendingRecord], *, now: datetime
) -> tuple[list[ToMatch], Guarded]:
    """Store standardized values and issues; return the records whose home must be (re)considered, and the echoes."""
    standardized = standardize_records(
        spec=spec,
        records=[record.values for record in landed],
        keys=[(record.system, record.key) for record in landed],
        codes=active_codes(now.date()),
    )
    guarded = listen(spec, landed, [standard.values for standard in standardized], now=now)
    changed = store_standardized(
        entity=spec.name,
        records=((record.id, standard) for record, standard in zip(landed, standardized, strict=True)),
        now=now,
    )
    mark_echoes(marks=guarded.marks)
    to_match = [
        ToMatch(record.id, record.system, standard.values, record.record_id)
        for record, standard in zip(landed, standardized, strict=True)
        if not record.deleted
        and record.id not in guarded.echoes
        and record.id not in guarded.homes
        and (record.record_id is None or record.id in changed)
    ]
    return to_match, guarded


def master(
    spec: EntitySpec,
    landed: Sequence[PendingRecord],
    matched: Matched,
    *,
    now: datetime,
    remembered: Mapping[UUID, Document] | None = None,
) -> Plan:
    """Plan every golden record that a record of the batch belongs to, or joins now.

    `remembered` are documents of golden records that live again.
    """
    moves = [Move(each.source_record_id, each.record_id, each.method) for each in matched.joined]
    homes = (
        homes_of(source_record_ids=[record.id for record in landed]) if landed else {}
    )  # a merge may have moved them since
    ids = [*homes.values(), *matched.left]
    return plan_records(spec=spec, record_ids=ids, moves=moves, remembered=remembered, now=now)


def merge(matched: Matched, *, now: datetime) -> Merged:
    """Merge golden records that a record of the batch brought together, in the name of the hub whoever woke it.

    A vetoed pair waits for a steward.
    """
    if not matched.merges:
        return Merged()
    with acting(SYSTEM, reason=MERGED_BECAUSE):
        survivors, refused = merge_groups(groups=matched.merges, reason=MERGED_BECAUSE, now=now)
    for records, veto in refused:
        log.info("pipeline.merge.vetoed records=%s reason=%s", [str(record) for record in records], veto)
    joined = sum(len(records) - 1 for records in matched.merges) - sum(
        len(records) - 1 for records, _ in refused
    )
    return Merged(sets=len(survivors), merged=joined, vetoed=len(refused))
