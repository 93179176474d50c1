"""Reads for the monitor: targets, records, dead letters, attempts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When

from apps.connectors.models import Connection
from apps.connectors.selectors import connector_for
from apps.core.bulk import raw_cursor
from apps.distribution.contracts import (
    AttemptView,
    DeadLetter,
    DeadLetterFilter,
    RecordDelivery,
    TargetCounters,
)
from apps.distribution.models import DeliveryAttempt, Lane, ReconciliationRun
from apps.distribution.parked import parked_lanes
from apps.distribution.trying.reads import latest_simulation, unfinished_mapping_runs, why_stale
from apps.distribution.waiting import waiting_inboxes
from apps.distribution.written import Written, landed_states, last_written
from apps.sources.models import SourceSystem
from apps.stewardship.models import ExceptionTask

__all__ = [
    "Written",
    "attempts_timeline",
    "count_dead_letters",
    "database_now",
    "dead_letter_codes",
    "dead_letters",
    "delivery_state",
    "delivery_states",
    "due_targets",
    "landed_states",
    "last_written",
    "latest_simulation",
    "pulled_systems",
    "readable_targets",
    "target_counters",
    "unfinished_mapping_runs",
    "unfinished_reconciliations",
    "waiting_inboxes",
    "why_stale",
]


def database_now() -> datetime:
    """Return the database's clock: leases of all machines are measured by the same one."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def due_targets(*, now: datetime) -> list[str]:
    """Return the codes of enabled targets that have a lane due."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT c.code FROM connectors_connection c WHERE c.enabled AND EXISTS ("
            " SELECT 1 FROM distribution_lane l JOIN distribution_subscription s ON s.id = l.subscription_id"
            " WHERE l.connection_id = c.id AND s.active AND NOT s.paused AND l.done_seq < l.last_seq"
            " AND l.parked_at IS NULL AND l.next_at <= %s AND NOT EXISTS (SELECT 1 FROM stewardship_exceptiontask x"
            "  WHERE x.record_id = l.record_id AND x.holds AND x.status = 'open')) ORDER BY c.code",
            (now,),
        )
        return [code for (code,) in cursor]


def readable_targets() -> list[str]:
    """Return the codes of enabled targets with subscriptions that can be asked what they hold."""
    rows = Connection.objects.filter(enabled=True, subscriptions__active=True).distinct().order_by("code")
    return [row.code for row in rows if connector_for(row).caps.reads]


def pulled_systems() -> list[str]:
    """Return the codes of enabled connections that tell their changes and are source systems."""
    active = SourceSystem.objects.filter(active=True).values("code")
    rows = Connection.objects.filter(enabled=True, subscriptions__active=True, code__in=active).distinct()
    return [row.code for row in rows.order_by("code") if connector_for(row).caps.change_feed != "none"]


def unfinished_reconciliations(*, now: datetime) -> list[str]:
    """Return the targets whose reconciliation nobody works on."""
    left = ReconciliationRun.objects.filter(state="running", connection__enabled=True)
    left = left.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))
    return list(left.order_by("started_at").values_list("connection__code", flat=True))


_COUNTERS = """
SELECT c.code, coalesce(nullif(c.label, ''), c.code) AS label, c.enabled,
    coalesce(t.paused, false) AS paused, coalesce(t.paused_reason, '') AS paused_reason,
    coalesce(t.breaker_state, 'closed') AS breaker, t.open_until, coalesce(t.hold_code, '') AS hold_code,
    coalesce(t.hold_note, '') AS hold_note, t.hold_until, coalesce(t.max_inflight, 4) AS max_inflight,
    l.lanes, l.in_step, l.in_flight, l.due, l.waiting, l.backing_off, l.parked, l.overdue, l.held,
    a.delivered, a.failed, coalesce(greatest(0, extract(epoch FROM %(now)s - l.oldest)), 0)::float8
FROM connectors_connection c
LEFT JOIN distribution_targetstate t ON t.connection_id = c.id
CROSS JOIN LATERAL (
    SELECT count(*) AS lanes,
        count(*) FILTER (WHERE parked_at IS NULL AND done_seq = last_seq) AS in_step,
        count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,
        count(*) FILTER (WHERE park_due < %(now)s) AS overdue,
        count(*) FILTER (WHERE open AND lease_until > %(now)s) AS in_flight,
        count(*) FILTER (WHERE open AND NOT coalesce(lease_until > %(now)s, false) AND next_at <= %(now)s) AS due,
        count(*) FILTER (WHERE open AND lease_until IS NULL AND next_at > %(now)s AND waiting_for IS NOT
            NULL) AS waiting,
        count(*) FILTER (WHERE open AND lease_until IS NULL AND next_at > %(now)s AND waiting_for IS NULL)
            AS backing_off,
        count(*) FILTER (WHERE held) AS held,
        min(pending_since) FILTER (WHERE open AND waiting_for IS NULL) AS oldest
    FROM (SELECT *, pending AND NOT broken AS open, pending AND broken AS held FROM (
        SELECT *, parked_at IS NULL AND done_seq < last_seq AS pending, record_id IN (
            SELECT record_id FROM stewardship_exceptiontask WHERE holds AND status = 'open') AS broken
        FROM distribution_lane WHERE connection_id = c.id) y) x
) l
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE outcome IN ('created', 'updated', 'confirmed')) AS delivered,
        count(*) FILTER (WHERE outcome IN ('retry', 'unknown', 'held', 'parked', 'crashed')) AS failed
    FROM distribution_deliveryattempt WHERE connection_id = c.id AND started_at > %(day)s
) a
WHERE l.lanes > 0 OR EXISTS (SELECT 1 FROM distribution_subscription s WHERE s.connection_id = c.id)
ORDER BY c.code
"""


def target_counters(*, now: datetime) -> list[TargetCounters]:
    """Return how each target with a subscription or lanes is doing, in one query."""
    with raw_cursor() as cursor:
        cursor.execute(_COUNTERS, {"now": now, "day": now - timedelta(hours=24)})
        return [TargetCounters(*row) for row in cursor]


def _with_state(lanes: QuerySet[Lane], now: datetime) -> QuerySet[Lane]:
    broken = ExceptionTask.objects.filter(record=OuterRef("record"), holds=True, status="open")
    cases = (
        (Q(parked_at__isnull=False), "parked"),
        (Q(done_seq=F("last_seq")), "in_step"),
        (Exists(broken), "held"),
        (Q(lease_until__gt=now), "in_flight"),
        (Q(next_at__lte=now), "due"),
        (Q(waiting_for__isnull=False), "waiting"),
    )
    whens = [When(condition, then=Value(name)) for condition, name in cases]
    return lanes.annotate(state=Case(*whens, default=Value("backing_off"), output_field=CharField()))


def delivery_states(*, record_ids: Iterable[UUID], now: datetime) -> dict[UUID, list[RecordDelivery]]:
    """Return for each golden record how far it has come in each target."""
    lanes = Lane.objects.filter(record_id__in=list(record_ids)).select_related(
        "connection", "subscription", "external_ref"
    )
    states: dict[UUID, list[RecordDelivery]] = {}
    for lane in _with_state(lanes, now).order_by("connection__code", "subscription__priority", "pk"):
        ref = getattr(lane, "external_ref", None)
        states.setdefault(lane.record_id, []).append(
            RecordDelivery(
                lane_id=lane.pk,
                connection=lane.connection.code,
                label=str(lane.connection),
                mapping=lane.subscription.mapping,
                state=getattr(lane, "state", ""),
                last_seq=lane.last_seq,
                done_seq=lane.done_seq,
                next_at=lane.next_at,
                attempts=lane.attempts,
                code=lane.park_code or lane.code,
                note=lane.park_reason or lane.note,
                object=ref.object if ref else "",
                external_id=ref.external_id if ref else "",
                native_id=ref.native_id if ref else "",
                last_seen=ref.last_seen if ref else None,
                deactivated=bool(ref and ref.deactivated),
            )
        )
    return states


def delivery_state(*, record_id: UUID, now: datetime) -> list[RecordDelivery]:
    """Return how far one golden record has come in each target."""
    return delivery_states(record_ids=[record_id], now=now).get(record_id, [])


def count_dead_letters(matching: DeadLetterFilter) -> int:
    return parked_lanes(matching).count()


def dead_letters(
    *, now: datetime, matching: DeadLetterFilter | None = None, limit: int = 100, offset: int = 0
) -> list[DeadLetter]:
    """Return dead letters, those due first at the top, with the payload of the last attempt."""
    lanes = list(
        parked_lanes(matching or DeadLetterFilter())
        .select_related("connection", "subscription", "record")
        .order_by("park_due", "pk")[offset : offset + limit]
    )
    payloads = _last_payloads([lane.pk for lane in lanes])
    return [_dead_letter(lane, payloads.get(lane.pk), now) for lane in lanes]


def _last_payloads(lanes: list[int]) -> dict[int, dict[str, Any]]:
    rows = (
        DeliveryAttempt.objects.filter(lane_id__in=lanes, payload__isnull=False)
        .order_by("lane_id", "-started_at", "-id")
        .distinct("lane_id")
    )
    return {lane: payload or {} for lane, payload in rows.values_list("lane_id", "payload")}


def _dead_letter(lane: Lane, payload: dict[str, Any] | None, now: datetime) -> DeadLetter:
    return DeadLetter(
        lane_id=lane.pk,
        connection=lane.connection.code,
        entity=lane.subscription.entity,
        record_id=lane.record_id,
        title=lane.record.title,
        seq=lane.last_seq,
        code=lane.park_code,
        reason=lane.park_reason,
        owner=lane.park_owner,
        parked_at=lane.parked_at or now,
        due_at=lane.park_due or now,
        overdue=lane.park_due is not None and lane.park_due < now,
        attempts=lane.attempts,
        payload=payload,
    )


def dead_letter_codes(*, connection: str = "") -> dict[str, int]:
    """Return how many dead letters there are of each code, most frequent first."""
    counts: dict[str, int] = {}
    for code in parked_lanes(DeadLetterFilter(connection=connection)).values_list("park_code", flat=True):
        counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def attempts_timeline(
    *,
    record_id: UUID | None = None,
    lane: int | None = None,
    correlation_id: UUID | None = None,
    connection: str = "",
    limit: int = 200,
) -> list[AttemptView]:
    """Return attempts, newest first, of one record, one lane, one business transaction or one target."""
    wanted = {
        "record_id": record_id,
        "lane_id": lane,
        "correlation_id": correlation_id,
        "connection__code": connection or None,
    }
    rows = DeliveryAttempt.objects.filter(
        **{name: value for name, value in wanted.items() if value is not None}
    )
    return [_view(row) for row in rows.select_related("connection")[:limit]]


def _view(row: DeliveryAttempt) -> AttemptView:
    same = {name: getattr(row, name) for name in AttemptView.__slots__ if name != "connection"}
    return AttemptView(connection=row.connection.code, **same)
