"""Verbs on dead letters: replay and skip."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, Invalid
from apps.core.ids import derived_uuid
from apps.distribution.contracts import DeadLetterFilter, ReplayReport
from apps.distribution.hints import kick_targets, notify_lanes
from apps.distribution.models import DeliveryAttempt, Lane, Op, Outcome
from apps.distribution.parked import parked_lanes

_REPLAY = """
UPDATE distribution_lane l SET parked_at = NULL, park_code = '', park_reason = '', park_owner = '', park_due = NULL,
    code = '', note = '', attempts = 0, crash_count = 0, failing_since = NULL,
    next_at = %(now)s + n.place * interval '1 microsecond',
    pending_since = coalesce(l.pending_since, %(now)s)
FROM unnest(%(lanes)s::bigint[]) WITH ORDINALITY AS n(id, place) WHERE l.id = n.id
"""


class NoReason(Invalid):
    code = "reason_missing"
    title = "Say why: the reason is kept with what was done"


class NotParked(Conflict):
    code = "not_parked"
    title = "This lane is no dead letter any more"


def replay_dead_letters(
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    lanes: Iterable[int] = (),
    matching: DeadLetterFilter | None = None,
    dry_run: bool = False,
) -> ReplayReport:
    """Give dead letters another chance: these lanes, or all that match the filter.

    They go out in the order in which they were parked, in their newest version, with the idempotency key
    that version always had. `dry_run` changes nothing and tells which ones it would be.
    Raises NoReason without a reason.
    """
    _check_reason(reason)
    with acting(actor, reason=reason), transaction.atomic():
        chosen = parked_lanes(matching or DeadLetterFilter())
        if matching is None:
            chosen = chosen.filter(pk__in=list(lanes))
        found = list(
            chosen.order_by("pk")
            .select_for_update(of=("self",))
            .values_list("pk", "parked_at", "connection__code")
        )
        ids = tuple(pk for pk, _, _ in sorted(found, key=lambda row: (row[1], row[0])))
        if dry_run or not ids:
            return ReplayReport(ids, dry_run)
        with raw_cursor() as cursor:
            cursor.execute(_REPLAY, {"lanes": list(ids), "now": now})
        targets = sorted({code for _, _, code in found})
        record_deed(
            verb="dead_letters.replayed",
            now=now,
            subject=", ".join(targets),
            detail={"count": len(ids), "lanes": list(ids[:1000])},
        )
        notify_lanes()
        transaction.on_commit(lambda: kick_targets(targets), robust=True)
    return ReplayReport(ids, dry_run)


def skip_dead_letter(*, lane: int, actor: Actor, reason: str, now: datetime) -> None:
    """Give a dead letter up: the target stays without these versions, later ones are delivered as usual.

    Raises NoReason without a reason, NotParked when somebody else has dealt with it.
    """
    _check_reason(reason)
    with acting(actor, reason=reason) as block, transaction.atomic():
        row = (
            Lane.objects.select_for_update(of=("self",))
            .select_related("subscription", "connection")
            .filter(pk=lane, parked_at__isnull=False)
            .first()
        )
        if row is None:
            raise NotParked("Somebody has replayed or skipped it already; reload the list.")
        DeliveryAttempt.objects.create(
            lane=row,
            connection=row.connection,
            record_id=row.record_id,
            seq=row.last_seq,
            op=Op.UPSERT,
            key=derived_uuid(
                row.connection.code, row.subscription.mapping, row.record_id, row.last_seq, "skip"
            ),
            started_at=now,
            ended_at=now,
            outcome=Outcome.SKIPPED,
            code="skipped_by_person",
            message=f"{reason} (was: {row.park_code}: {row.park_reason})"[:1000],
            mapping=row.subscription.mapping,
            worker="",
            token=row.token,
            actor=actor.name,
            correlation_id=block.correlation_id,
        )
        record_deed(
            verb="dead_letter.skipped",
            now=now,
            entity=row.subscription.entity,
            record_id=row.record_id,
            subject=row.connection.code,
            detail={"lane": row.pk, "seq": row.last_seq, "code": row.park_code},
        )
        row.done_seq, row.pending_since, row.failing_since = row.last_seq, None, None
        row.parked_at, row.park_due = None, None
        row.park_code = row.park_reason = row.park_owner = row.code = row.note = ""
        row.attempts = row.crash_count = 0
        # The shortcut "unchanged" speaks of the last acknowledged version only as long as nothing was skipped.
        row.unsure = True
        row.save()


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise NoReason
