"""The state machine of a re-match: asked for, claimed under a lease, cancelled, resumed, finished."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Right

from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.clock import utcnow
from apps.core.errors import Conflict, HubError, NotFound
from apps.golden.registry import entity
from apps.matching.models import MatchRun
from apps.matching.selectors import active_rule

LEASE = timedelta(seconds=90)
"""A worker that gives no sign for so long is taken for dead; a chunk takes some seconds. Each time a run was taken over
adds as much, so that a chunk which needs longer is not begun again and again by one worker after the other."""
LONGEST = 20
"""Leases a run may come to."""
MOST_LOG = 20_000
"""Characters of a run's log that are kept, the last ones: records that are passed over may be many."""


class RunActive(Conflict):
    code = "run_active"
    title = "A re-match of this entity is under way"


class NotResumable(Conflict):
    code = "run_not_resumable"
    title = "This re-match cannot be resumed"


class RunLost(HubError):
    code = "run_lost"
    title = "Another worker has taken over this re-match"
    status = 409


def request_rematch(*, entity_name: str, mode: str = MatchRun.Mode.FULL, now: datetime) -> MatchRun:
    """Queue a re-match of an entity. Raises RunActive while there is one, NotFound for what is matched otherwise.

    Mode "changed" takes what was standardized since the last run that finished; without one it takes everything.
    """
    spec = entity(entity_name)
    if spec.match.strategy != "fuzzy":
        raise NotFound(f"{spec.plural} are matched by key; only what is matched by likeness is re-matched.")
    rule = active_rule(entity_name)
    before = MatchRun.objects.filter(entity=entity_name, status=MatchRun.Status.DONE).first()
    if before is None:
        mode = MatchRun.Mode.FULL
    try:
        with transaction.atomic():
            return MatchRun.objects.create(
                entity=entity_name,
                rule_version=rule.version,
                mode=mode,
                since=before.started_at if before and mode == MatchRun.Mode.CHANGED else None,
                started_at=database_clock(),
                log=line_of(f"{MatchRun.Mode(mode).label} asked for, rule v{rule.version}", now),
            )
    except IntegrityError:
        raise RunActive(f"Wait until the re-match of {spec.plural} ends, or cancel it.") from None


@transaction.atomic
def cancel_rematch(*, run_id: UUID, now: datetime) -> MatchRun:
    """Have a run stop after its present chunk; what it has done stays done. Raises Conflict when it is over."""
    run = _locked(run_id)
    if not run.is_active:
        raise Conflict(f"This re-match is {run.status} already.")
    idle = run.status == MatchRun.Status.QUEUED or not run.lease_until or run.lease_until < database_clock()
    run.status = MatchRun.Status.CANCELLED if idle else MatchRun.Status.CANCELLING
    run.finished_at = now if idle else None
    run.log = bounded(run.log + line_of("cancelled" if idle else "asked to stop", now))
    run.save(update_fields=["status", "finished_at", "log"])
    record_deed(verb="cancel re-match", entity=run.entity, subject=str(run.pk), now=now)
    return run


@transaction.atomic
def resume_rematch(*, run_id: UUID, now: datetime) -> MatchRun:
    """Queue a cancelled or failed run again; it goes on where it was. Raises NotResumable, RunActive."""
    run = _locked(run_id)
    if run.status not in MatchRun.RESUMABLE:
        raise NotResumable(f"It is {run.status}; only a cancelled or failed one goes on.")
    if MatchRun.objects.filter(entity=run.entity, status__in=MatchRun.ACTIVE).exists():
        raise RunActive("Another re-match of this entity is under way; wait for it or cancel it.")
    later = MatchRun.objects.filter(entity=run.entity, started_at__gt=run.started_at).exists()
    if later:
        raise NotResumable("A later re-match has used its work lists since; start a new one.")
    run.status, run.lease_until, run.finished_at = MatchRun.Status.QUEUED, None, None
    place = f"in phase {run.get_phase_display()!r} at {run.done:,} of {run.total:,}"
    run.log = bounded(run.log + line_of(f"resumed {place}", now))
    run.save(update_fields=["status", "lease_until", "finished_at", "log"])
    record_deed(verb="resume re-match", entity=run.entity, subject=str(run.pk), now=now)
    return run


def claim_rematch(*, worker: str, run_id: UUID | None = None) -> MatchRun | None:
    """Take a run nobody works on: a queued one, or one whose worker gave no sign in time. None: there is none."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            UPDATE matching_matchrun SET
                status = CASE WHEN status = 'queued' THEN 'running' ELSE status END,
                takeovers = takeovers + (lease_until IS NOT NULL)::int,
                token = token + 1, leased_by = %(worker)s, beat_at = now(),
                lease_until = now()
                    + %(lease)s * least(1 + takeovers + (lease_until IS NOT NULL)::int, %(longest)s),
                phase_began_at = coalesce(phase_began_at, now())
            WHERE id = (
                SELECT id FROM matching_matchrun
                WHERE status IN ('queued', 'running', 'cancelling')
                  AND (lease_until IS NULL OR lease_until < now())
                  AND (%(run)s::uuid IS NULL OR id = %(run)s::uuid)
                ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            {"worker": worker[:100], "lease": LEASE, "longest": LONGEST, "run": run_id},
        )
        row = cursor.fetchone()
    return MatchRun.objects.get(pk=row[0]) if row else None


def keep(run: MatchRun, *, token: int, lines: Iterable[str] = (), **fields: Any) -> None:
    """Write what a chunk came to in its own transaction, and prolong the lease. Raises RunLost: roll the chunk back."""
    now = utcnow()
    text = "".join(line_of(line, now) for line in lines)
    beat = database_clock()
    lease = LEASE * min(1 + run.takeovers, LONGEST)
    fields |= {"beat_at": beat} | ({} if "lease_until" in fields else {"lease_until": beat + lease})
    mine = MatchRun.objects.filter(pk=run.pk, token=token, status__in=("running", "cancelling"))
    if not mine.update(log=Right(Concat("log", Value(text)), MOST_LOG), **fields):
        raise RunLost(f"The re-match {run.pk} is in other hands; this worker lets go of it.")


def database_clock() -> datetime:
    """Return the time of the database: workers on several machines agree on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at


def bounded(log: str) -> str:
    return log[-MOST_LOG:]


def line_of(text: str, now: datetime) -> str:
    return f"{now:%H:%M:%S} {text}\n"


def _locked(run_id: UUID) -> MatchRun:
    run = MatchRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no re-match {run_id}.")
    return run
