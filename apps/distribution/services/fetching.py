"""Fetch what inbox messages name, by the system's own id, and land it in the transaction that settles them."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q

from apps.audit.context import Actor, acting
from apps.connectors.contracts import Change, Connector, Notice, ReadFailed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import HubError
from apps.distribution.clock import RunningClock
from apps.distribution.engine.delays import HORIZON, retry_delay
from apps.distribution.feeding import FeedMoved, feed_of, land_read
from apps.distribution.gate import connection_called
from apps.distribution.hints import kick_pipeline
from apps.distribution.inbox import CHANGING, land_carried, note_landed, read_row, settle_row
from apps.distribution.models import InboxMessage, InboxState, PullFeed, Subscription
from apps.distribution.services.pulling import read_feed
from apps.sources.contracts import Landed

LEASE = timedelta(minutes=5)
AT_ONCE = 100
"""Messages one claim takes: no more than one call of most systems carries."""
SURE_AFTER = 3
"""So often is looked for what a message says and the system does not show yet; then what it shows is believed."""
OVERTAKEN = 5
_PAGES = 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """A claimed message and what it says; all its notices are of one object."""

    row: InboxMessage
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one mapping read for the named records, after `feed` was looked at."""

    feed: PullFeed
    mapping: OutboundMapping
    found: Mapping[str, Change]


def fetch_inbox(*, system: str, now: datetime, limit: int = AT_ONCE) -> int:
    """Settle up to `limit` waiting messages of one system; return how many are settled now.

    Any number of workers may call this at one time; a killed one loses nothing. Calls to the system are made with
    no transaction open.
    """
    connection = connection_called(system)
    if not connection.enabled:
        return 0
    connector, clock = connector_for(connection), RunningClock(now)
    actor = Actor(name=f"webhook of {connection.code}"[:150])
    settled, by_object = 0, dict[str, list[Named]]()
    for row in _claim(connection, limit, now):
        notices = read_row(connector, row, by=actor.name, now=now)
        if notices and not all(notice.layout for notice in notices):
            by_object.setdefault(notices[0].obj, []).append(Named(row, notices))
            continue
        with acting(actor, reason="webhook"), transaction.atomic():
            if notices:
                land_carried(connection, row, notices, by=actor.name, now=clock.now())
            settled += _save([row])
    for obj, named in by_object.items():
        with acting(actor, reason="webhook"):
            settled += _fetch(connection, connector, obj, named, actor, clock)
    if settled:
        kick_pipeline()
    return settled


def _claim(connection: Connection, limit: int, now: datetime) -> list[InboxMessage]:
    """Lease waiting messages; one whose worker died counts an attempt."""
    with transaction.atomic():
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        due = InboxMessage.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            free, connection=connection, state=InboxState.WAITING, next_at__lte=now
        )
        rows = list(due.order_by("received_at", "pk")[:limit])
        for row in rows:
            row.attempts += 1 if row.lease_until else 0
            row.token, row.lease_until = row.token + 1, now + LEASE
        InboxMessage.objects.bulk_update(rows, ("attempts", "token", "lease_until"))
    return rows


def _save(rows: Sequence[InboxMessage]) -> int:
    """Write rows whose lease still holds; return how many of them are settled."""
    settled = 0
    for row in sorted(rows, key=lambda row: row.pk):
        mine = InboxMessage.objects.filter(pk=row.pk, token=row.token, state=InboxState.WAITING)
        row.lease_until = None
        if mine.update(**{name: getattr(row, name) for name in CHANGING}):
            settled += row.state != InboxState.WAITING
    return settled


def _fetch(
    connection: Connection,
    connector: Connector,
    obj: str,
    named: Sequence[Named],
    actor: Actor,
    clock: RunningClock,
) -> int:
    readers = _readers(connection, obj)
    if not readers:
        reason = f"No active subscription of {connection.code} reads {obj}; add one whose mapping has direction both."
        for each in named:
            settle_row(
                each.row, InboxState.IGNORED, by=actor.name, now=clock.now(), code="not_read", reason=reason
            )
        return _save([each.row for each in named])
    try:
        whole = [each for each in named if any(not notice.native_id for notice in each.notices)]
        if whole:
            for subscription, mapping in readers:
                read_feed(connection, connector, subscription, mapping, clock, _PAGES)
            for each in whole:
                note_landed(each.row, None, by=actor.name, now=clock.now())
            return _save([each.row for each in whole]) + _fetch_named(
                connection, connector, [each for each in named if each not in whole], readers, actor, clock
            )
        return _fetch_named(connection, connector, named, readers, actor, clock)
    except ReadFailed as error:
        failure = error.failure
        return _later(named, failure.code, failure.message, failure.retry_after, actor, clock.now())
    except FeedMoved as error:
        return _later(named, error.code, error.detail, None, actor, clock.now())
    except OperationalError:
        return _later(named, "busy", "The database was busy.", None, actor, clock.now())
    except HubError as error:
        for each in named:
            settle_row(
                each.row,
                InboxState.REJECTED,
                by=actor.name,
                now=clock.now(),
                code=error.code,
                reason=error.detail,
            )
        return _save([each.row for each in named])
    except Exception as error:
        log.exception("inbox.fetch.failed connection=%s object=%s", connection.code, obj)
        reason = f"The hub failed on it ({type(error).__name__}); operators find more in the log."
        return _later(named, "failed", reason, None, actor, clock.now())


def _readers(connection: Connection, obj: str) -> list[tuple[Subscription, OutboundMapping]]:
    rows = Subscription.objects.filter(connection=connection, active=True).order_by("priority", "pk")
    pairs = [(row, active_mapping(row.mapping)) for row in rows]
    return [pair for pair in pairs if pair[1].object == obj and pair[1].direction != "push"]


def _fetch_named(
    connection: Connection,
    connector: Connector,
    named: Sequence[Named],
    readers: Sequence[tuple[Subscription, OutboundMapping]],
    actor: Actor,
    clock: RunningClock,
) -> int:
    """Read the named records through each mapping and land them; read again what somebody else landed meanwhile."""
    overtaken = 0
    while True:
        readings = [_read(connector, subscription, mapping, named) for subscription, mapping in readers]
        there = {native for reading in readings for native in reading.found}
        sure = [each for each in named if _is_sure(each, there)]
        unsure = [each for each in named if each not in sure]
        try:
            settled = _land(connection, readings, sure, there, actor, clock.now())
        except FeedMoved:
            overtaken += 1
            if overtaken > OVERTAKEN:
                raise
            continue
        reason = "The system does not show yet what it said."
        return settled + _later(unsure, "not_there_yet", reason, None, actor, clock.now())


def _read(
    connector: Connector, subscription: Subscription, mapping: OutboundMapping, named: Sequence[Named]
) -> Reading:
    feed = feed_of(subscription)
    ids = list(dict.fromkeys(notice.native_id for each in named for notice in each.notices))
    remotes = connector.fetch_native(mapping.object, ids, mapping.remote_paths) if ids else []
    found = {one.native_id: Change(one.native_id, one.version, one.values, one.ext_id) for one in remotes}
    return Reading(feed, mapping, found)


def _is_sure(each: Named, there: set[str]) -> bool:
    """Tell whether what the system shows can be believed: what was made or deleted just now may not show yet."""
    odd = [notice for notice in each.notices if (notice.native_id in there) == (notice.kind == "deleted")]
    return not odd or each.row.attempts + 1 >= SURE_AFTER


def _land(
    connection: Connection,
    readings: Sequence[Reading],
    named: Sequence[Named],
    there: set[str],
    actor: Actor,
    now: datetime,
) -> int:
    if not named:
        return 0
    wanted = {notice.native_id for each in named for notice in each.notices}
    gone = [Change(native, None, {}, deleted=True) for native in sorted(wanted - there)]
    with transaction.atomic():
        rows = [each.row for each in named]
        landed: list[Landed] = []
        for reading in readings:
            mapping = reading.mapping
            shown = [
                change
                for native, change in reading.found.items()
                if native in wanted and (mapping.match_when is None or mapping.matches(change.values))
            ]
            done = land_read(
                reading.feed,
                connection,
                mapping,
                [*shown, *gone],
                origin=f"webhook of {connection.code}",
                now=now,
            )
            landed += [done] if done else []
        for row in rows:
            note_landed(row, landed[0] if landed else None, by=actor.name, now=now)
        return _save(rows)


def _later(
    named: Sequence[Named], code: str, reason: str, after: float | None, actor: Actor, now: datetime
) -> int:
    """Put messages off, longer each time; three days after they came last, or were replayed, they are rejected."""
    for row in (each.row for each in named):
        row.attempts = min(row.attempts + 1, 30_000)
        row.state, row.code, row.reason = InboxState.WAITING, code[:80], reason[:500]
        row.load_id, row.counts, row.settled_at, row.settled_by = None, {}, None, ""
        wait = retry_delay(failures=row.attempts, seed=row.pk, retry_after=after)
        row.next_at = now + wait
        if row.next_at - row.last_at > HORIZON:
            settle_row(row, InboxState.REJECTED, by=actor.name, now=now, code="exhausted", reason=reason)
    return _save([each.row for each in named])
