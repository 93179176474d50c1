"""Pull what changed in a system into landing: the cursor moves in the transaction that lands the records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.audit.context import Actor, acting
from apps.connectors.contracts import Change, Connector, Cursor, ReadFailed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import HubError
from apps.distribution.clock import RunningClock
from apps.distribution.feeding import FeedMoved, feed_of, land_read, move_feed
from apps.distribution.gate import connection_called
from apps.distribution.models import PullFeed, Subscription
from apps.sources.models import SourceSystem

PAGE = 500
OVERTAKEN = 5
"""So often a page is read again that somebody else landed from the same feed meanwhile."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a round came to, over all feeds of a connection. `failed`: feed to reason."""

    read: int
    landed: int
    resyncs: int
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FeedRead:
    """What reading a feed came to: (read, landed, begun again) of each page; whether that was its end."""

    pages: Sequence[tuple[int, int, int]]
    ended: bool


def pull_changes(*, target: str, actor: Actor, now: datetime, pages: int = 100) -> Pulled:
    """Read what changed in a system since the last time and land it, feed by feed, at most `pages` pages of each.

    Feeds are the subscriptions whose mapping reads (`direction` both or pull), of a connection that is a source
    system too. A feed that fails keeps its place; the others go on. Must not be called inside a transaction.
    """
    connection = connection_called(target)
    connector = connector_for(connection)
    read = landed = resyncs = 0
    failed: dict[str, str] = {}
    if (
        connector.caps.change_feed == "none"
        or not SourceSystem.objects.filter(code=target, active=True).exists()
    ):
        return Pulled(0, 0, 0, failed)
    clock = RunningClock(now)
    with acting(actor, reason=f"changes of {target}"):
        for subscription in Subscription.objects.filter(connection=connection, active=True).order_by(
            "priority", "pk"
        ):
            mapping = active_mapping(subscription.mapping)
            if mapping.direction == "push":
                continue
            feed_of(subscription)
            try:
                for found in read_feed(connection, connector, subscription, mapping, clock, pages).pages:
                    read, landed, resyncs = read + found[0], landed + found[1], resyncs + found[2]
            except (ReadFailed, HubError) as error:
                failed[mapping.name] = str(error)
                PullFeed.objects.filter(subscription=subscription).update(note=str(error)[:500])
    return Pulled(read, landed, resyncs, failed)


def read_feed(
    connection: Connection,
    connector: Connector,
    subscription: Subscription,
    mapping: OutboundMapping,
    clock: RunningClock,
    pages: int,
    *,
    resumed: bool = False,
) -> FeedRead:
    """Read up to `pages` pages of one feed, from where it was left; with the overlap unless a round is `resumed`."""
    found: list[tuple[int, int, int]] = []
    overlap, overtaken = 0.0 if resumed else connector.caps.overlap_seconds, 0
    while len(found) < pages:
        feed = feed_of(subscription)
        cursor = Cursor(feed.cursor) if feed.cursor else None
        page = connector.pull(mapping.object, cursor, _walked(mapping), PAGE, overlap)
        if page.resync_needed:
            # What is landed stays; everything is read again, and what is equal lands nothing.
            move_feed(feed, cursor=None, resyncs=F("resyncs") + 1, pulled_at=clock.now(), note="")
            found.append((0, 0, 1))
            if cursor is None:
                return FeedRead(found, ended=True)
            overlap = 0.0
            continue
        changes = [
            change for change in page.changes if mapping.match_when is None or mapping.matches(change.values)
        ]
        changes = _whole(connector, mapping, changes)
        following = page.next_cursor.value if page.next_cursor else feed.cursor
        try:
            with transaction.atomic():
                landed = land_read(
                    feed, connection, mapping, changes, origin=f"pulled from {connection.code}",
                    now=clock.now(), cursor=following, pulled_at=clock.now(), note="",
                )  # fmt: skip
        except FeedMoved:
            overtaken += 1
            if overtaken > OVERTAKEN:
                raise
            continue
        overlap = 0.0
        found.append((len(page.changes), landed.counts.new + landed.counts.changed if landed else 0, 0))
        if not page.more:
            return FeedRead(found, ended=True)
    return FeedRead(found, ended=False)


def _walked(mapping: OutboundMapping) -> Sequence[str]:
    """Return the fields that a feed is asked for: lists are no columns of it."""
    lists = {part.remote.column for part in mapping.lists}
    return [path for path in mapping.remote_paths if path not in lists]


def _whole(connector: Connector, mapping: OutboundMapping, changes: Sequence[Change]) -> list[Change]:
    """Return changes with their lists, which a feed does not show; what is gone by now comes as deleted next time."""
    ids = [change.native_id for change in changes if not change.deleted]
    if not mapping.lists or not ids:
        return list(changes)
    found = {one.native_id: one for one in connector.fetch_native(mapping.object, ids, mapping.remote_paths)}
    return [
        change if change.deleted else replace(change, values=found[change.native_id].values)
        for change in changes
        if change.deleted or change.native_id in found
    ]
