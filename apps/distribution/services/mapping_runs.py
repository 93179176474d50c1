"""Try a version of a mapping on all live records, or deliver again what it changes; in resumable chunks."""

import logging
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.audit.versioning import RuleStatus
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection, Mapping
from apps.connectors.selectors import active_mapping, mapping_version
from apps.connectors.services import activate_mapping
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, HubError, Invalid, NotFound
from apps.distribution.clock import RunningClock
from apps.distribution.hints import kick_mapping_run, kick_targets, notify_lanes
from apps.distribution.models import MappingRun, Subscription, SubscriptionMode
from apps.distribution.services.dead_letters import replay_dead_letters
from apps.distribution.services.subscriptions import BACKFILL_PRIORITY
from apps.distribution.trying.page import Trial, Tried, live_records, next_page
from apps.distribution.trying.tally import Tally

LEASE = timedelta(minutes=5)
BEGINNING = UUID(int=0)

log = logging.getLogger(__name__)

# In the order in which changes lock lanes. What was parked since the page was read is found here.
_LOCK = """
SELECT id, parked_at IS NOT NULL FROM distribution_lane WHERE id = ANY(%(lanes)s) ORDER BY record_id, id FOR UPDATE
"""
# What is in the air was made by the mapping of before, or is not known to be: its settling makes it due again, at the
# priority it has, for it may be carrying a change.
_ONCE_MORE = """
UPDATE distribution_lane SET once_more = true
WHERE id = ANY(%(lanes)s) AND lease_until IS NOT NULL AND parked_at IS NULL
"""
# The version stays, so its key would too: the worker tells another payload by a key of its own.
_AGAIN = """
UPDATE distribution_lane SET done_seq = last_seq - 1, next_at = %(now)s, pending_since = %(now)s, attempts = 0,
    failing_since = NULL, priority = greatest(priority, %(priority)s)
WHERE id = ANY(%(lanes)s) AND done_seq = last_seq AND parked_at IS NULL AND lease_until IS NULL AND last_seq > 0
"""


class NotOutbound(Invalid):
    code = "not_an_outbound_mapping"
    title = "Only mappings to a target deliver anything"


class MappingRunBusy(Conflict):
    code = "mapping_run_active"
    title = "This version is being worked on already; look at that run"


def start_simulation(*, mapping: Mapping, actor: Actor, now: datetime) -> MappingRun:
    """Ask for what this version would change at its targets; nothing but the run's own row is written."""
    return _start(MappingRun.Kind.SIMULATION, mapping, actor, now, "")


def start_redelivery(*, mapping: Mapping, actor: Actor, now: datetime, reason: str = "") -> MappingRun:
    """Have the records delivered again, at low priority, whose payload the active version makes another one."""
    if not mapping.is_active:
        raise Conflict(f"{mapping} is not in force; activate it first.")
    return _start(MappingRun.Kind.REDELIVERY, mapping, actor, now, reason)


def activate_outbound(
    *, mapping: Mapping, redeliver: bool, actor: Actor, now: datetime, reason: str = ""
) -> MappingRun | None:
    """Put a version in force, a draft or an earlier one; newer changes go through it from now on.

    With `redeliver` a run is started and returned that sends again what it changes and replays the dead letters it
    cures. Raises OwnDraft, MappingContradictsTarget.
    """
    with transaction.atomic():
        activate_mapping(mapping=mapping, actor=actor, now=now, reason=reason)
        if not redeliver or mapping.kind != "outbound":
            return None
        return start_redelivery(
            mapping=mapping, actor=actor, now=now, reason=reason or f"{mapping} activated"
        )


def _start(kind: MappingRun.Kind, mapping: Mapping, actor: Actor, now: datetime, reason: str) -> MappingRun:
    if mapping.kind != "outbound":
        raise NotOutbound(f"{mapping} is a layout: it reads.")
    draft = mapping_version(mapping.name, mapping.version)
    targets = _targets(draft, kind)
    with acting(actor, reason=reason or f"{kind} of {mapping}"), transaction.atomic():
        try:
            with transaction.atomic():
                run = MappingRun.objects.create(
                    kind=kind,
                    mapping=mapping,
                    against=_version_in_force(mapping.name),
                    place={"left": targets, "after": str(BEGINNING)},
                    total=live_records(draft.entity) * len(targets),
                    asked_by=actor.name,
                    asked_at=now,
                    reason=reason[:300],
                )
        except IntegrityError:
            raise MappingRunBusy(f"{mapping}: wait until it is done, or cancel it.") from None
        record_deed(verb=f"mapping.{kind}_asked", now=now, subject=str(mapping), reason=reason)
        transaction.on_commit(partial(kick_mapping_run, str(run.pk)), robust=True)
    return run


def _version_in_force(name: str) -> int | None:
    try:
        return active_mapping(name).version
    except NotFound:
        return None


def _targets(draft: OutboundMapping, kind: MappingRun.Kind) -> list[list[int | None]]:
    """Return [connection, subscription] of those who take the mapping; a new one is tried for its system's."""
    taken = Subscription.objects.filter(mapping=draft.name, active=True).order_by("pk")
    if kind == MappingRun.Kind.REDELIVERY:
        taken = taken.filter(mode=SubscriptionMode.STATE)
    found: list[list[int | None]] = [[row.connection_id, row.pk] for row in taken]
    if not found and kind == MappingRun.Kind.SIMULATION:
        system = Connection.objects.filter(code=draft.system).values_list("pk", flat=True)
        found = [[pk, None] for pk in system]
    return found


def cancel_mapping_run(*, run: MappingRun, actor: Actor, now: datetime) -> None:
    """End a run after its present chunk; what it has made due stays so."""
    with acting(actor, reason=f"{run} cancelled"), transaction.atomic():
        row = MappingRun.objects.select_for_update().get(pk=run.pk)
        if not row.is_active:
            raise Conflict(f"{row} is {row.state} already.")
        row.state, row.finished_at, row.token = MappingRun.State.CANCELLED, now, row.token + 1
        row.save()
        record_deed(verb="mapping.run_cancelled", now=now, subject=str(row))


def work_on_mapping_run(
    *, run_id: UUID, actor: Actor, now: datetime, seconds: float | None = None
) -> MappingRun:
    """Go on with a run where it was left, chunk by chunk, for `seconds`; a run that another worker holds is left alone.

    Memory is bounded by one chunk. Must not be called inside a transaction of the caller's.
    """
    run = _claim(run_id, now)
    clock, began = RunningClock(now), time.monotonic()
    with acting(actor, reason=run.reason or str(run)):
        while run.state == MappingRun.State.RUNNING:
            started = time.monotonic()
            if seconds is not None and started - began >= seconds:
                _keep(run, lease_until=None)
                break
            try:
                _one_chunk(run, clock, actor, started)
            except HubError as error:
                _keep(run, state=MappingRun.State.FAILED, note=str(error)[:500], finished_at=clock.now())
            except OperationalError:
                raise  # no fault of the mapping: who takes the run over next goes on with it
            except Exception as error:
                log.exception("mapping.run.failed run=%s", run.pk)
                note = f"The hub failed on it ({type(error).__name__}); operators find more in the log."
                _keep(run, state=MappingRun.State.FAILED, note=note, finished_at=clock.now())
    return run


def _claim(run_id: UUID, now: datetime) -> MappingRun:
    with transaction.atomic():
        run = MappingRun.objects.select_for_update(of=("self",)).select_related("mapping").get(pk=run_id)
        if not run.is_active or (run.lease_until and run.lease_until > now):
            if run.is_active:
                raise MappingRunBusy(f"{run} is worked on by another worker.")
            return run
        run.state, run.token, run.lease_until = MappingRun.State.RUNNING, run.token + 1, now + LEASE
        run.save()
    return run


def _keep(run: MappingRun, **fields: Any) -> None:
    """Write progress unless somebody has taken the run over, or cancelled it."""
    if not MappingRun.objects.filter(pk=run.pk, token=run.token).update(**fields):
        run.refresh_from_db()
        return
    for name, value in fields.items():
        setattr(run, name, value)


def _one_chunk(run: MappingRun, clock: RunningClock, actor: Actor, started: float) -> None:
    if run.kind == MappingRun.Kind.REDELIVERY and not _is_in_force(run):
        note = "Another version was put in force since."
        _keep(run, state=MappingRun.State.CANCELLED, note=note, finished_at=clock.now(), lease_until=None)
        return
    left = run.place["left"]
    if not left:
        _keep(run, state=MappingRun.State.DONE, finished_at=clock.now(), lease_until=None)
        if run.state == MappingRun.State.DONE:
            record_deed(
                verb=f"mapping.{run.kind}_done",
                now=clock.now(),
                subject=str(run.mapping),
                detail=dict(run.counts),
            )
        return
    trial = _trial(run, left[0], clock)
    page = next_page(trial, UUID(run.place["after"]))
    place = (
        {"left": left, "after": str(page[-1].record_id)}
        if page
        else {"left": left[1:], "after": str(BEGINNING)}
    )
    tally = Tally.of(run)
    with transaction.atomic():
        for tried in page:
            tally.note(tried.record_id, trial.connection.code, tried.effect, tried.masker)
            tally.counts["deliveries"] += tried.is_sent_again
            tally.counts["dead_letters_cured"] += tried.cured
            tally.counts["never_delivered"] += tried.lane_id is None
        if run.kind == MappingRun.Kind.REDELIVERY:
            _deliver_again(run, trial, page, tally, actor, clock.now())
        _keep(
            run,
            place=place,
            done=run.done + len(page),
            seconds=round(run.seconds + time.monotonic() - started, 3),
            lease_until=clock.now() + LEASE,
            **tally.told(),
        )


def _is_in_force(run: MappingRun) -> bool:
    return Mapping.objects.filter(pk=run.mapping_id, status=RuleStatus.ACTIVE).exists()


def _trial(run: MappingRun, target: list[int | None], clock: RunningClock) -> Trial:
    connection = Connection.objects.get(pk=target[0] or 0)
    draft = mapping_version(run.mapping.name, run.mapping.version)
    against = run.against if run.against != run.mapping.version else None
    active = mapping_version(run.mapping.name, against) if against else None
    return Trial(connection, target[1], draft, active, clock.now().date())


def _deliver_again(
    run: MappingRun, trial: Trial, page: list[Tried], tally: Tally, actor: Actor, now: datetime
) -> None:
    subscription = Subscription.objects.filter(pk=trial.subscription or 0).first()
    if subscription is None:
        return
    again = [tried.lane_id for tried in page if tried.in_the_air or (tried.is_sent_again and tried.settled)]
    flying = {tried.lane_id for tried in page if tried.in_the_air}
    cured = [tried.lane_id for tried in page if tried.cured and tried.lane_id is not None]
    if again:
        with raw_cursor() as cursor:
            cursor.execute(_LOCK, {"lanes": again})
            cured += [lane for lane, parked in cursor if parked and lane in flying]
            priority = BACKFILL_PRIORITY + subscription.priority // 10
            for statement in (_ONCE_MORE, _AGAIN):
                cursor.execute(statement, {"lanes": again, "now": now, "priority": priority})
                tally.counts["sent_again"] += cursor.rowcount
        notify_lanes()
    if cured:
        reason = run.reason or f"{run.mapping} maps them now"
        tally.counts["replayed"] += replay_dead_letters(
            actor=actor, reason=reason, now=now, lanes=cured
        ).count
    transaction.on_commit(partial(kick_targets, [trial.connection.code]), robust=True)
