"""Reconcile a target: run in resumable pages; push, adopt or waive what a person must decide."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.contracts import Change, Connector, Cursor, ReadFailed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import Conflict, HubError, Invalid
from apps.distribution.clock import RunningClock
from apps.distribution.foreseen import kept_from_golden
from apps.distribution.gate import connection_called
from apps.distribution.hints import kick_pipeline, kick_targets
from apps.distribution.laneless import heal_passed_by
from apps.distribution.models import (
    ExternalRef,
    Finding,
    FindingKind,
    FindingState,
    ReconciliationRun,
    Subscription,
    SubscriptionMode,
)
from apps.distribution.observed import land_observed
from apps.distribution.reconciling import (
    Compared,
    Page,
    Seen,
    compare_missing,
    compare_seen,
    heal_lanes,
    settle_findings,
    store_page,
)
from apps.distribution.services.subscriptions import BACKFILL_PRIORITY, make_lane
from apps.sources.selectors import changed_since

PAGE = 200
HEADERS = 1_000
"""Golden records a page looks for that have no lane."""
LEASE = timedelta(minutes=10)
RESUMED_WITHIN = timedelta(hours=20)


class NothingToCompare(Conflict):
    code = "target_not_readable"
    title = "This target cannot be asked what it holds"


class ReconciliationBusy(Conflict):
    code = "reconciliation_running"
    title = "Another worker is reconciling this target"


class FindingClosed(Conflict):
    code = "finding_closed"
    title = "This finding is closed already"


class NotPossible(Conflict):
    code = "finding_action_not_possible"
    title = "This cannot be done with such a finding"


class ToldNewer(Conflict):
    code = "told_newer"
    title = "The system has told something newer since this was seen"


class NoReason(Invalid):
    code = "reason_missing"
    title = "Say why: the reason is kept with what was done"


def reconcile_target(
    *, target: str, actor: Actor, now: datetime, seconds: float | None = None
) -> ReconciliationRun:
    """Compare all that a target holds under our key with what it should hold; go on where a run was left.

    Missing and stale records heal by themselves; others become findings. With `seconds` it stops at the page
    after that time and is resumed by the next call. Calls to the target are made with no transaction open.
    Raises NothingToCompare, ReconciliationBusy.
    """
    connection = connection_called(target)
    connector = connector_for(connection)
    if not connector.caps.reads:
        raise NothingToCompare(
            f"{connection} takes events and tells nothing; its receivers keep their own books."
        )
    clock = RunningClock(now)
    run = _begin(connection, actor, now)
    ends = now + timedelta(seconds=seconds) if seconds is not None else None
    with acting(actor, reason=f"reconciliation of {target}"):
        while run.state == ReconciliationRun.State.RUNNING and (ends is None or clock.now() < ends):
            try:
                _one_page(run, connector, clock)
            except (ReadFailed, HubError) as error:
                _keep(
                    run, state=ReconciliationRun.State.FAILED, note=str(error)[:500], finished_at=clock.now()
                )
        _keep(run, lease_until=None)
    kick_targets([connection.code])
    return run


def _begin(connection: Connection, actor: Actor, now: datetime) -> ReconciliationRun:
    """Take over the run that was left, or begin one."""
    with transaction.atomic():
        left = (
            ReconciliationRun.objects.select_for_update()
            .filter(connection=connection)
            .filter(Q(state="running") | Q(state="failed", started_at__gt=now - RESUMED_WITHIN))
            .order_by("-started_at")
            .first()
        )
        done = ReconciliationRun.objects.filter(connection=connection, state="done").first()
        if left and left.state == "failed" and done and done.started_at > left.started_at:
            left = None
        if left is not None and left.lease_until and left.lease_until > now:
            raise ReconciliationBusy(
                f"It began {left.started_at:%H:%M} UTC; look at its findings when it is done."
            )
        try:
            run = left or ReconciliationRun.objects.create(
                connection=connection, asked_by=actor.name, started_at=now, place=_first(connection)
            )
        except IntegrityError:
            raise ReconciliationBusy from None
        run.state, run.token, run.lease_until = ReconciliationRun.State.RUNNING, run.token + 1, now + LEASE
        run.note, run.finished_at = "", None
        run.save()
    return run


def _first(connection: Connection) -> dict[str, object]:
    rows = Subscription.objects.filter(connection=connection, active=True, mode=SubscriptionMode.STATE)
    return {
        "left": list(rows.order_by("priority", "pk").values_list("pk", flat=True)),
        "cursor": None,
        "after": None,
    }


def _keep(run: ReconciliationRun, **fields: object) -> None:
    """Write a run's progress, unless another worker has taken it over meanwhile."""
    mine = ReconciliationRun.objects.filter(pk=run.pk, token=run.token)
    if not mine.update(**fields):
        raise ReconciliationBusy
    for name, value in fields.items():
        setattr(run, name, value)


def _one_page(run: ReconciliationRun, connector: Connector, clock: RunningClock) -> None:
    left = run.place["left"]
    subscription = Subscription.objects.filter(pk=left[0]).first() if left else None
    if subscription is None:
        _next_or_end(run, clock.now())
        return
    mapping = active_mapping(subscription.mapping)
    work = Compared(run, subscription, mapping, clock.now(), clock.now())
    if run.place.get("records") is not None:
        _one_page_of_headers(work, clock)
        return
    if run.place["after"] is None:
        cursor = run.place["cursor"]
        page = connector.scan(
            mapping.object,
            mapping.remote_paths,
            Cursor(cursor) if cursor else None,
            PAGE,
        )
        seen = _whole(connector, mapping, page.changes)
        place = {**run.place, "cursor": page.next_cursor.value if page.next_cursor else None}
        if not page.more or place["cursor"] is None:
            place = {**place, "cursor": None, "after": 0}
        with transaction.atomic():
            _store(work, compare_seen(work, seen), place, clock)
        return
    refs = _unseen(work, run.place["after"])
    found = (
        connector.fetch(mapping.object, [ref.external_id for ref in refs], mapping.remote_paths)
        if refs
        else []
    )
    with transaction.atomic():
        if refs:
            _store(work, compare_missing(work, refs, found), {**run.place, "after": refs[-1].lane_id}, clock)
        else:
            _keep(run, place={**run.place, "records": str(UUID(int=0))})


def _one_page_of_headers(work: Compared, clock: RunningClock) -> None:
    """Send on their way the records that nothing was ever to bring to the target; newer versions as well."""
    subscription = work.subscription
    with transaction.atomic():
        passed = None
        if work.mapping.direction != "pull":
            passed = heal_passed_by(
                subscription=subscription, after=UUID(work.run.place["records"]), limit=HEADERS,
                priority=BACKFILL_PRIORITY + subscription.priority // 10, now=clock.now(),
            )  # fmt: skip
        if passed is None or passed.after is None:
            _next_or_end(work.run, clock.now())
            return
        page = Page()
        for kind, lanes in ((FindingKind.MISSING, passed.made), (FindingKind.STALE, passed.behind)):
            page.findings += [
                work.finding(kind, None, (), external_id=str(record), lane_id=lane, record_id=record)
                for lane, record in lanes.items()
            ]
        _store(work, page, {**work.run.place, "records": str(passed.after)}, clock)


def _whole(connector: Connector, mapping: OutboundMapping, seen: Sequence[Change]) -> list[Seen]:
    """Return the records with their lists, where a walk does not show them; what is gone by now is left out."""
    if not mapping.lists or connector.caps.scans_lists:
        return list(seen)
    keys = [each.ext_id for each in seen if each.ext_id]
    whole = {each.ext_id: each for each in connector.fetch(mapping.object, keys, mapping.remote_paths)}
    return [
        whole[each.ext_id] if whole[each.ext_id].native_id == each.native_id else each
        for each in seen
        if each.ext_id in whole
    ]


def _unseen(work: Compared, after: int) -> list[ExternalRef]:
    """Return the next records the target acknowledged that the walk did not meet."""
    refs = ExternalRef.objects.filter(
        lane__subscription=work.subscription, lane_id__gt=after, deactivated=False, lane__parked_at__isnull=True,
        object=work.mapping.object,
    ).exclude(lane__observation__run=work.run)  # fmt: skip
    return list(refs.select_related("lane").order_by("lane_id")[:PAGE])


def _store(work: Compared, page: Page, place: dict[str, object], clock: RunningClock) -> None:
    store_page(work, page)
    _keep(work.run, place=place, counts=work.run.counts, lease_until=clock.now() + LEASE)


def _next_or_end(run: ReconciliationRun, now: datetime) -> None:
    left = run.place["left"]
    if left:
        rest = left[1:]
        gone = Finding.objects.filter(subscription=left[0], last_seen__lt=run.started_at)
        settle_findings(gone, now=now)
        _keep(run, place={"left": rest, "cursor": None, "after": None, "records": None})
        return
    _keep(run, state=ReconciliationRun.State.DONE, finished_at=now, lease_until=None)
    record_deed(verb="target.reconciled", now=now, subject=run.connection.code, detail=dict(run.counts))


def _open_finding(finding: UUID, reason: str) -> Finding:
    if not reason.strip():
        raise NoReason
    row = (
        Finding.objects.select_for_update(of=("self",))
        .select_related("connection", "subscription")
        .filter(pk=finding)
        .first()
    )
    if row is None or row.state != FindingState.OPEN:
        raise FindingClosed("Somebody has dealt with it already, or it is gone; reload the list.")
    return row


def _close(row: Finding, state: FindingState, actor: Actor, reason: str, now: datetime) -> None:
    row.state, row.closed_at, row.closed_by, row.reason = state, now, actor.name, reason[:500]
    row.save(update_fields=["state", "closed_at", "closed_by", "reason"])
    record_deed(
        verb=f"finding.{state.value}", now=now, entity=row.subscription.entity, record_id=row.record_id,
        subject=f"{row.connection.code} {row.kind}", reason=reason,
    )  # fmt: skip


def push_finding(*, finding: UUID, actor: Actor, reason: str, now: datetime) -> None:
    """Write the hub's values over what the target holds. Raises NotPossible where the hub has none to write."""
    with acting(actor, reason=reason), transaction.atomic():
        row = _open_finding(finding, reason)
        if row.kind == FindingKind.DRIFTED and row.lane_id is not None:
            pushed = heal_lanes([row.lane_id], now=now)
        elif row.kind == FindingKind.EXTRA and row.record_id is not None:
            pushed = make_lane(subscription=row.subscription, record_id=row.record_id, now=now)
        else:
            raise NotPossible(
                "The hub wrote no such record; adopt it, or waive it and have it removed over there."
            )
        if not pushed:
            raise NotPossible(
                "It is on its way already, a dead letter, or no live golden record; look there."
            )
        _close(row, FindingState.PUSHED, actor, reason, now)
        code = row.connection.code
        transaction.on_commit(lambda: kick_targets([code]), robust=True)


def adopt_finding(*, finding: UUID, actor: Actor, reason: str, now: datetime) -> Mapping[str, str]:
    """Land what the target holds as a source record of that system, dated when it was seen; the rules decide.

    Return, by attribute or item, why a value that differed will not become the golden one; empty: all of them will.
    Raises UnknownSystem where the target is no source system, NotPossible where the mapping reads nothing, ToldNewer
    where that record came since in a later version.
    """
    with acting(actor, reason=reason), transaction.atomic():
        row = _open_finding(finding, reason)
        mapping = active_mapping(row.subscription.mapping)
        system = row.connection.code
        if changed_since(system=system, entity=mapping.entity, key=row.native_id, moment=row.last_seen):
            raise ToldNewer("Compare the target again and look at what it holds now.")
        landed = land_observed(
            connection=row.connection, mapping=mapping, seen=[(row.native_id, row.observed)],
            origin=f"adopted from {row.connection.code}", now=now, seen_at=row.last_seen,
        )  # fmt: skip
        if landed is None:
            raise NotPossible(
                f"Mapping {mapping.name} only writes; give it `direction: both` to adopt values."
            )
        if landed.counts.rejected:
            raise NotPossible(
                "The hub cannot take these values as they are; correct them over there, push the hub's, or waive it."
            )
        kept = kept_from_golden(row, mapping, now=now)
        _close(row, FindingState.ADOPTED, actor, reason, now)
        transaction.on_commit(kick_pipeline, robust=True)
        return kept


def waive_finding(*, finding: UUID, actor: Actor, reason: str, now: datetime) -> None:
    """Let a difference be; it comes back when the target holds something else again."""
    with acting(actor, reason=reason), transaction.atomic():
        row = _open_finding(finding, reason)
        _close(row, FindingState.WAIVED, actor, reason, now)
