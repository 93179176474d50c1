"""Fetch what inbox messages name, by the system's own id, and land it in the transaction that settles them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import OperationalError, transaction

from apps.audit.context import Actor, acting
from apps.connectors.contracts import Change, Connector, Notice, ReadFailed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import HubError
from apps.distribution.clock import RunningClock
from apps.distribution.feeding import FeedMoved, feed_of, land_read
from apps.distribution.gate import connection_called
from apps.distribution.hints import kick_pipeline
from apps.distribution.inbox import (
    claim_rows,
    land_carried,
    note_landed,
    put_off,
    read_row,
    save_rows,
    settle_row,
)
from apps.distribution.models import InboxMessage, InboxState, PullFeed, Subscription
from apps.distribution.services.pulling import read_feed
from apps.sources.contracts import Landed

AT_ONCE = 100
"""Messages one claim takes: no more than one call of most systems carries."""
SURE_AFTER = 3
"""So often is looked for what a message says and the system does not show yet; then what it shows is believed.

Attempts that came to no look, because the system or the hub was out of reach, are none of these.
"""
OVERTAKEN = 5
PAGES = 20
"""Pages of each feed that one turn reads; the next goes on there, after the messages that came meanwhile."""
READING = "reading"
"""Code of a message whose feed has been begun."""

log = logging.getLogger(__name__)


Readers = Sequence[tuple[Subscription, OutboundMapping]]


@dataclass(frozen=True, slots=True)
class Named:
    """A claimed message and what it says; all its notices are of one object."""

    row: InboxMessage
    notices: tuple[Notice, ...]

    @property
    def is_whole(self) -> bool:
        """It names no record: all of the object may have changed."""
        return any(not notice.native_id for notice in self.notices)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one mapping read for the named records, after `feed` was looked at."""

    feed: PullFeed
    mapping: OutboundMapping
    found: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Turn:
    """Whom a turn asks, by whose name and clock."""

    connection: Connection
    connector: Connector
    actor: Actor
    clock: RunningClock

    def put_off(self, named: Sequence[Named], code: str, reason: str, after: float | None = None) -> int:
        rows = [each.row for each in named]
        return put_off(rows, code=code, reason=reason, after=after, by=self.actor.name, now=self.clock.now())

    def settle(self, named: Sequence[Named], state: InboxState, code: str, reason: str) -> int:
        for each in named:
            settle_row(each.row, state, by=self.actor.name, now=self.clock.now(), code=code, reason=reason)
        return save_rows([each.row for each in named])


def fetch_inbox(*, system: str, now: datetime, limit: int = AT_ONCE) -> int:
    """Settle up to `limit` waiting messages of one system in a bounded turn; return how many are settled now.

    A message that has a whole feed read waits on, due at once, until the feed was read to its end, PAGES a turn;
    `waiting_inboxes` tells whether there is more to do. Any number of workers may call this at one time; a killed one
    loses nothing. Calls to the system are made with no transaction open.
    """
    connection = connection_called(system)
    if not connection.enabled:
        return 0
    actor = Actor(name=f"webhook of {connection.code}"[:150])
    turn = Turn(connection, connector_for(connection), actor, RunningClock(now))
    settled, by_object = 0, dict[str, list[Named]]()
    rows = claim_rows(connection, limit, now)
    for row in rows:
        notices = read_row(turn.connector, row, by=actor.name, now=now)
        if notices and not all(notice.layout for notice in notices):
            by_object.setdefault(notices[0].obj, []).append(Named(row, notices))
            continue
        with acting(actor, reason="webhook"), transaction.atomic():
            if notices:
                land_carried(connection, row, notices, by=actor.name, now=turn.clock.now())
            settled += save_rows([row])
    for obj, named in by_object.items():
        with acting(actor, reason="webhook"):
            settled += _fetch(turn, obj, named)
    if rows:
        kick_pipeline()
    return settled


def _fetch(turn: Turn, obj: str, named: Sequence[Named]) -> int:
    """Fetch single records first: what a long feed is read for must not hold them up, nor its failure."""
    readers = _readers(turn.connection, obj)
    if not readers:
        system = turn.connection.code
        reason = f"No active subscription of {system} reads {obj}; add one whose mapping has direction both."
        return turn.settle(named, InboxState.IGNORED, "not_read", reason)
    single, whole = (
        [each for each in named if not each.is_whole],
        [each for each in named if each.is_whole],
    )
    return sum(
        _whatever_happens(turn, part, partial(fetch, turn, part, readers))
        for part, fetch in ((single, _fetch_named), (whole, _fetch_whole))
        if part
    )


def _whatever_happens(turn: Turn, named: Sequence[Named], fetch: Callable[[], int]) -> int:
    """Fetch; put the messages off or reject them when that fails. Returns how many are settled."""
    try:
        return fetch()
    except ReadFailed as error:
        failure = error.failure
        return turn.put_off(named, failure.code, failure.message, failure.retry_after)
    except FeedMoved as error:
        return turn.put_off(named, error.code, error.detail)
    except OperationalError:
        return turn.put_off(named, "busy", "The database was busy.")
    except HubError as error:
        return turn.settle(named, InboxState.REJECTED, error.code, error.detail)
    except Exception as error:
        log.exception(
            "inbox.fetch.failed connection=%s object=%s", turn.connection.code, named[0].notices[0].obj
        )
        reason = f"The hub failed on it ({type(error).__name__}); operators find more in the log."
        return turn.put_off(named, "failed", reason)


def _fetch_whole(turn: Turn, whole: Sequence[Named], readers: Readers) -> int:
    """Read the feeds for a turn; at their end the messages that asked for it are settled, else they are due again."""
    resumed = any(each.row.code == READING for each in whole)
    # All of them, though the first has more: only the turn that begins a feed reads its overlap.
    ended = [
        read_feed(
            turn.connection, turn.connector, subscription, mapping, turn.clock, PAGES, resumed=resumed
        ).ended
        for subscription, mapping in readers
    ]
    if not all(ended):
        for each in whole:
            each.row.code, each.row.reason = READING, "All of it is read, some pages at a time."
            each.row.next_at = turn.clock.now()
        return save_rows([each.row for each in whole])
    for each in whole:
        note_landed(each.row, None, by=turn.actor.name, now=turn.clock.now())
    return save_rows([each.row for each in whole])


def _readers(connection: Connection, obj: str) -> list[tuple[Subscription, OutboundMapping]]:
    rows = Subscription.objects.filter(connection=connection, active=True).order_by("priority", "pk")
    pairs = [(row, active_mapping(row.mapping)) for row in rows]
    return [pair for pair in pairs if pair[1].object == obj and pair[1].direction != "push"]


def _fetch_named(turn: Turn, named: Sequence[Named], readers: Readers) -> int:
    """Read the named records through each mapping and land them; read again what somebody else landed meanwhile."""
    overtaken = 0
    while True:
        readings = [_read(turn.connector, subscription, mapping, named) for subscription, mapping in readers]
        there = {native for reading in readings for native in reading.found}
        sure = [each for each in named if _is_sure(each, there)]
        unsure = [each for each in named if each not in sure]
        try:
            settled = _land(turn.connection, readings, sure, there, turn.actor, turn.clock.now())
        except FeedMoved:
            overtaken += 1
            if overtaken > OVERTAKEN:
                raise
            continue
        for each in unsure:
            each.row.looks += 1
        return settled + turn.put_off(unsure, "not_there_yet", "The system does not show yet what it said.")


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
    return not odd or each.row.looks + 1 >= SURE_AFTER


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
        return save_rows(rows)
