"""Work on a recomputation: some golden records planned, routed and applied a turn; the pipeline goes on in between."""

import logging
import os
import socket
import time
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from apps.audit.context import because
from apps.core.bulk import raw_cursor, retry_deadlocks
from apps.core.clock import utcnow
from apps.core.collecting import collector_held
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec
from apps.mastering.services import apply_plan, plan_records, take_turn
from apps.pipeline.contracts import held_back
from apps.pipeline.faults import RECORD_FAULTS, RUN_FAULTS
from apps.pipeline.models import Recomputation
from apps.pipeline.recomputing.runs import claim, keep
from apps.pipeline.runs import RunLost
from apps.stewardship.services import check_written, route_plan

CHUNK = 500
"""Golden records of one transaction: a second or two, for which the pipeline waits its turn."""

log = logging.getLogger(__name__)


def work_on_recomputation(*, seconds: float | None = None) -> Recomputation | None:
    """Claim the run that waits and work on it; None: there is none to claim.

    Returns the run as it is then: over, or given back for others to go on with after so many seconds. An error of
    the hub itself makes it failed and is raised; it can be resumed.
    """
    run = claim(worker=f"{socket.gethostname()}:{os.getpid()}")
    if run is None:
        return None
    token, end = run.token, time.monotonic() + (seconds or float("inf"))
    try:
        while run.is_open and time.monotonic() < end:
            _advance(run, token)
            run.refresh_from_db()
        if run.is_open:
            keep(run, token=token, now=utcnow(), lease_until=None)
    except RunLost:
        log.warning("pipeline.recomputation.lost run=%s token=%s", run.pk, token)
    except RUN_FAULTS as error:
        log.exception("pipeline.recomputation.failed run=%s", run.pk)
        told = f"failed: {type(error).__name__}: {error}".partition("\n")[0]
        ended = {"status": Recomputation.Status.FAILED, "finished_at": utcnow(), "lease_until": None}
        keep(run, token=token, now=utcnow(), line=told, **ended)
        raise
    run.refresh_from_db()
    return run


def _advance(run: Recomputation, token: int) -> None:
    """Compute the next records, and write in the same transaction that they are."""
    spec = entity(run.entities[run.at])
    ids = _next(spec, run.cursor)
    if not ids:
        _next_entity(run, token, spec)
        return
    _compute_or_halve(run, token, spec, ids)


def _compute_or_halve(run: Recomputation, token: int, spec: EntitySpec, ids: Sequence[UUID]) -> None:
    """Compute records; of those the hub fails on, halve until the one at fault stands alone and is passed over."""
    try:
        retry_deadlocks(lambda: _compute(run, token, spec, ids))
    except RECORD_FAULTS as error:
        if len(ids) == 1:
            _pass_over(run, token, ids[0], error)
            return
        log.warning("pipeline.recomputation.chunk_failed run=%s", run.pk, exc_info=error)
    else:
        return
    half = len(ids) // 2
    for part in (ids[:half], ids[half:]):
        _compute_or_halve(run, token, spec, part)
        run.refresh_from_db()


def _next(spec: EntitySpec, after: UUID | None) -> list[UUID]:
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT id FROM golden_goldenrecord WHERE entity = %s AND status <> 'merged'"
            " AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s",
            (spec.name, after, after, CHUNK),
        )
        return [record for (record,) in cursor]


@collector_held()
@transaction.atomic
def _compute(run: Recomputation, token: int, spec: EntitySpec, ids: Sequence[UUID]) -> None:
    with because(run.cause):
        take_turn()
        now = utcnow()
        plan = plan_records(spec=spec, record_ids=ids, now=now)
        routed = route_plan(plan=plan, now=now)
        apply_plan(plan=routed, now=now)
        check_written(plan=routed, now=now)
    held = held_back(plan, routed)
    keep(
        run,
        token=token,
        now=now,
        cursor=ids[-1],
        done=run.done + len(ids),
        total=max(run.total, run.done + len(ids)),
        changed=run.changed + sum(change.is_news for change in routed.changes),
        held=run.held + held,
    )


def _pass_over(run: Recomputation, token: int, record: UUID, error: Exception) -> None:
    """Name a record that the hub fails on in the log, and go on behind it."""
    told = f"passed over {record}: {type(error).__name__}: {error}".partition("\n")[0]
    log.error("pipeline.recomputation.passed_over run=%s record=%s", run.pk, record, exc_info=error)
    keep(
        run,
        token=token,
        now=utcnow(),
        line=told,
        cursor=record,
        done=run.done + 1,
        passed_over=run.passed_over + 1,
    )


def _next_entity(run: Recomputation, token: int, spec: EntitySpec) -> None:
    following = run.at + 1
    line = f"{spec.plural}: done, {run.changed:,} changed and {run.held:,} held so far"
    if following < len(run.entities):
        keep(run, token=token, now=utcnow(), line=line, at=following, cursor=None)
        return
    ended = {"status": Recomputation.Status.DONE, "finished_at": utcnow(), "lease_until": None}
    keep(run, token=token, now=utcnow(), line=line, total=run.done, **ended)
