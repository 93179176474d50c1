"""Work on a re-match chunk by chunk until it is done, cancelled, or the time is up; whoever goes on, goes on here."""

import logging
import os
import resource
import socket
import time
from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.core.bulk import retry_deadlocks
from apps.core.clock import utcnow
from apps.core.collecting import collector_held
from apps.golden.registry import entity
from apps.matching.contracts import ChunkDone
from apps.matching.models import MatchRun
from apps.matching.rule import Rule
from apps.matching.selectors import active_rule
from apps.matching.services.rematching import due_seeds
from apps.pipeline.faults import RECORD_FAULTS, RUN_FAULTS
from apps.pipeline.phases import STEPS, Phase, apply, clean_up, following, units_of
from apps.pipeline.runs import RunActive, RunLost, claim_rematch, keep, request_rematch

Watch = Callable[[MatchRun], None]
log = logging.getLogger(__name__)


def work_on_rematch(
    *, run_id: UUID | None = None, seconds: float | None = None, watch: Watch | None = None
) -> MatchRun | None:
    """Claim a run (this one, or any that waits) and work on it; None: there is none to claim.

    Returns the run as it is then: over, or given back for others to go on with after so many seconds. An error of
    the hub itself makes it failed and is raised; it can be resumed.
    """
    run = claim_rematch(worker=f"{socket.gethostname()}:{os.getpid()}", run_id=run_id)
    if run is None:
        return None
    token, end = run.token, time.monotonic() + (seconds or float("inf"))
    try:
        while run.is_active and time.monotonic() < end:
            _advance(run, token)
            run.refresh_from_db()
            if watch:
                watch(run)
        if run.is_active:
            keep(run, token=token, lease_until=None)
    except RunLost:
        log.warning("pipeline.rematch.lost run=%s token=%s", run.pk, token)
    except RUN_FAULTS as error:
        log.exception("pipeline.rematch.failed run=%s phase=%s", run.pk, run.phase)
        _end(
            run, token, MatchRun.Status.FAILED, f"failed: {type(error).__name__}: {error}".partition("\n")[0]
        )
        raise
    run.refresh_from_db()
    return run


def rematch_entity(
    *, entity_name: str, mode: str = MatchRun.Mode.FULL, watch: Watch | None = None
) -> MatchRun:
    """Re-match an entity from beginning to end, here and now. Raises RunActive while another run of it is active."""
    run = request_rematch(entity_name=entity_name, mode=mode, now=utcnow())
    worked = work_on_rematch(run_id=run.pk, watch=watch)
    if worked is None:
        raise RunActive("A worker was quicker to take it up; watch it under Rules, Match runs.")
    return worked


@collector_held()
def _advance(run: MatchRun, token: int) -> None:
    """Do one chunk, and write in the same transaction that it is done."""
    if run.status == MatchRun.Status.CANCELLING:
        _end(run, token, MatchRun.Status.CANCELLED, "cancelled")
        return
    spec, rule = entity(run.entity), active_rule(run.entity)
    if rule.version != run.rule_version:
        _begin_again(run, token, rule)
        return
    if run.cursor is None and not run.done and not run.total:
        run.total = units_of(run, run.phase, spec, rule)
    clock, cpu = time.monotonic(), time.process_time()

    def chunk() -> None:
        with transaction.atomic():
            done = STEPS[run.phase](run, spec, rule)
            _note(run, token, done, time.monotonic() - clock, time.process_time() - cpu)

    try:
        retry_deadlocks(chunk)
    except RECORD_FAULTS as error:
        if run.phase != Phase.APPLY:
            raise
        log.warning("pipeline.rematch.chunk_failed run=%s", run.pk, exc_info=error)
        _apply_one(run, token)


def _begin_again(run: MatchRun, token: int, rule: Rule) -> None:
    line = f"rule v{rule.version} was activated: from the beginning with it"
    keep(
        run, token=token, lines=[line], rule_version=rule.version, phase=Phase.PREPARE, mode=MatchRun.Mode.FULL,
        cursor=None, done=0, total=0, phases={}, records=0, pairs=0, matches=0, started_at=F("beat_at"),
    )  # fmt: skip


def _apply_one(run: MatchRun, token: int) -> None:
    """Apply the next neighbourhood alone; one that fails is named in the log and passed over."""
    spec, rule = entity(run.entity), active_rule(run.entity)
    try:
        with transaction.atomic():
            _note(run, token, apply(run, spec, rule, limit=1), 0.0, 0.0)
    except RECORD_FAULTS as error:
        [seed] = due_seeds(spec=spec, after=run.cursor, limit=1)
        told = f"passed over {seed}: {type(error).__name__}: {error}".partition("\n")[0]
        log.exception("pipeline.rematch.passed_over run=%s record=%s", run.pk, seed)
        keep(run, token=token, lines=[told], cursor=str(seed), done=run.done + 1)


def _note(run: MatchRun, token: int, chunk: ChunkDone, seconds: float, cpu: float) -> None:
    """Add a chunk to the run; after the last one of a phase the next phase begins, after the last phase it is done."""
    done = run.done + chunk.done
    before = run.phases.get(run.phase, {"seconds": 0.0, "cpu": 0.0, "units": 0})
    spent = {
        "seconds": round(before["seconds"] + seconds, 3),
        "cpu": round(before["cpu"] + cpu, 3),
        "units": done,
    }
    fields = {name: getattr(run, name) + count for name, count in chunk.counts.items()}
    fields |= {"phases": {**run.phases, run.phase: spent}, "peak_memory_mb": _peak_memory_mb(run)}
    if chunk.cursor is not None:
        keep(run, token=token, cursor=chunk.cursor, done=done, total=max(run.total, done), **fields)
        return
    label = MatchRun.Phase(run.phase).label
    line = f"{label}: {done:,} in {spent['seconds']:,.1f} s"
    phase = following(run)
    if phase is not None:
        keep(
            run, token=token, lines=[line], phase=phase, cursor=None, done=0, total=0, phase_began_at=utcnow(),
            **fields,
        )  # fmt: skip
        return
    MatchRun.objects.select_for_update().get(pk=run.pk)  # whoever activates a rule holds it until he commits
    rule = active_rule(run.entity)
    if rule.version != run.rule_version:
        _begin_again(run, token, rule)
        return
    clean_up(entity(run.entity))
    for name, value in fields.items():
        setattr(run, name, value)
    keep(
        run, token=token, lines=[line, summary_of(run)], status=MatchRun.Status.DONE, lease_until=None, cursor=None,
        done=done, total=done, finished_at=utcnow(), **fields,
    )  # fmt: skip


def summary_of(run: MatchRun) -> str:
    """Return what a run came to, in one line."""
    parts = [
        f"{run.records:,} records",
        f"{run.pairs:,} pairs compared",
        f"{run.matches:,} match",
        f"{run.merges:,} merges",
        f"{run.splits:,} splits",
        f"{run.changed:,} golden records changed",
        f"{run.reviews:,} reviews opened",
        f"{run.closed:,} closed",
    ]
    if run.vetoed:
        parts.append(f"{run.vetoed:,} merges vetoed")
    if run.left_out:
        parts.append(f"{run.left_out:,} reviews wait for room in the queue")
    return "done: " + ", ".join(parts)


def _end(run: MatchRun, token: int, status: str, line: str) -> None:
    keep(run, token=token, lines=[line], status=status, lease_until=None, finished_at=utcnow())


def _peak_memory_mb(run: MatchRun) -> int:
    return max(run.peak_memory_mb, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
