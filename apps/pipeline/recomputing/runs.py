"""The state machine of a recomputation: asked for, claimed under a lease, cancelled, resumed, replaced."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Concat, Right

from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, NotFound
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities
from apps.mastering.models import OwnershipMatrix, SurvivorshipPolicy
from apps.pipeline.models import Recomputation
from apps.pipeline.runs import MOST_LOG, RunLost, bounded, database_clock, line_of

LEASE = timedelta(seconds=90)
"""A worker that gives no sign for so long is taken for dead; a chunk takes a second or two."""
TRIES = 5
"""Workers that may lose a run at one place, before it is given up with its reason."""

Version = OwnershipMatrix | SurvivorshipPolicy


class NotResumable(Conflict):
    code = "recomputation_not_resumable"
    title = "This recomputation cannot be resumed"


@transaction.atomic
def request_recomputation(*, entity_names: Iterable[str], cause: str, now: datetime) -> Recomputation | None:
    """Queue a recomputation of all golden records of these entities; None where no entity is named.

    One under way ends and hands its entities over: what it has computed was computed by other rules.
    """
    wanted = set(entity_names)
    with raw_cursor() as cursor:  # whoever activates at the same moment waits: there is one open run at most
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('recomputation'))")
    for earlier in Recomputation.objects.select_for_update().filter(status__in=Recomputation.OPEN):
        wanted |= set(earlier.entities)
        earlier.status, earlier.finished_at, earlier.lease_until = Recomputation.Status.CANCELLED, now, None
        earlier.log = bounded(earlier.log + line_of(f"replaced by: {cause}", now))
        earlier.save(update_fields=["status", "finished_at", "lease_until", "log"])
    names = [spec.name for spec in entities.values() if spec.name in wanted]
    if not names:
        return None
    return Recomputation.objects.create(
        cause=cause[:200],
        entities=names,
        total=GoldenRecord.objects.filter(entity__in=names).exclude(status=RecordStatus.MERGED).count(),
        log=line_of(f"{cause}: {', '.join(names)}", now),
        requested_at=now,
    )


def concerned(before: Version | None, after: Version) -> set[str]:
    """Return the entities of which two versions say something else, or that are measured against another moment."""
    told, tells = _rules(before), _rules(after)
    differing = {name for name in told.keys() | tells.keys() if told.get(name) != tells.get(name)}
    return differing | {rule.entity for rule in after.rules.all() if _is_dated(rule)}


def _rules(version: Version | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule in version.rules.all() if version else ():
        skipped = ("id", "matrix_id", "policy_id")
        fields = {f.attname: getattr(rule, f.attname) for f in rule._meta.concrete_fields}
        told = [(name, value) for name, value in sorted(fields.items()) if name not in skipped]
        found.setdefault(rule.entity, []).append(repr(told))
    return {name: sorted(rules) for name, rules in found.items()}


def _is_dated(rule: Any) -> bool:
    trust = getattr(rule, "trust", None)
    if trust is not None:
        return any(half_life for _, half_life in trust.values())
    return rule.valid_from is not None or rule.valid_to is not None


@transaction.atomic
def cancel_recomputation(*, run_id: UUID, now: datetime) -> Recomputation:
    """Stop a run; what it has computed stays, and a chunk under way is rolled back. Raises Conflict when it is over."""
    run = _locked(run_id)
    if not run.is_open:
        raise Conflict(f"This recomputation is {run.status} already.")
    run.status, run.finished_at, run.lease_until = Recomputation.Status.CANCELLED, now, None
    run.log = bounded(run.log + line_of("cancelled", now))
    run.save(update_fields=["status", "finished_at", "lease_until", "log"])
    record_deed(verb="cancel recomputation", subject=run.cause, now=now)
    return run


@transaction.atomic
def resume_recomputation(*, run_id: UUID, now: datetime) -> Recomputation:
    """Queue a cancelled or failed run again; it goes on where it was. Raises NotResumable."""
    run = _locked(run_id)
    if run.status not in Recomputation.RESUMABLE:
        raise NotResumable(f"It is {run.status}; only a cancelled or failed one goes on.")
    if Recomputation.objects.filter(Q(requested_at__gt=run.requested_at) | Q(status__in=Recomputation.OPEN)):
        raise NotResumable("A later one computes, or has computed, the records by newer rules.")
    run.status, run.finished_at, run.takeovers = Recomputation.Status.QUEUED, None, 0
    run.lease_until = None
    run.log = bounded(run.log + line_of(f"resumed at {run.done:,} of {run.total:,}", now))
    run.save(update_fields=["status", "finished_at", "takeovers", "lease_until", "log"])
    record_deed(verb="resume recomputation", subject=run.cause, now=now)
    return run


def waits_for_worker() -> bool:
    """Tell whether a run is queued, or was left by its worker."""
    return (
        Recomputation.objects.filter(status__in=Recomputation.OPEN)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=database_clock()))
        .exists()
    )


def claim(*, worker: str) -> Recomputation | None:
    """Take the run nobody works on; one that was lost too often at one place becomes failed."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            UPDATE pipeline_recomputation SET
                status = CASE WHEN takeovers >= %(tries)s THEN 'failed' ELSE 'running' END,
                finished_at = CASE WHEN takeovers >= %(tries)s THEN clock_timestamp() END,
                log = CASE WHEN takeovers >= %(tries)s THEN right(log || %(given_up)s, %(most)s) ELSE log END,
                takeovers = takeovers + (lease_until IS NOT NULL)::int, token = token + 1, worker = %(worker)s,
                lease_until = CASE WHEN takeovers < %(tries)s THEN clock_timestamp() + %(lease)s::interval END
            WHERE status IN ('queued', 'running') AND (lease_until IS NULL OR lease_until < clock_timestamp())
            RETURNING id, status
            """,
            {
                "tries": TRIES,
                "given_up": f"given up: {TRIES} workers were lost on it (killed, or out of memory); resume it\n",
                "most": MOST_LOG,
                "worker": worker[:100],
                "lease": LEASE,
            },
        )
        row = cursor.fetchone()
    return Recomputation.objects.get(pk=row[0]) if row and row[1] == Recomputation.Status.RUNNING else None


def keep(run: Recomputation, *, token: int, line: str = "", now: datetime, **fields: Any) -> None:
    """Write what a chunk came to in its own transaction. Raises RunLost: roll the chunk back."""
    fields = {"lease_until": database_clock() + LEASE, "takeovers": 0, **fields}
    text = line_of(line, now) if line else ""
    mine = Recomputation.objects.filter(pk=run.pk, token=token, status=Recomputation.Status.RUNNING)
    if not mine.update(log=Right(Concat("log", Value(text)), MOST_LOG), **fields):
        raise RunLost(f"The recomputation {run.pk} is over or in other hands; this worker lets go of it.")


def _locked(run_id: UUID) -> Recomputation:
    run = Recomputation.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no recomputation {run_id}.")
    return run
