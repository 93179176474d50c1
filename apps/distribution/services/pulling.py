"""Pull what changed in a system into landing: the cursor moves in the transaction that lands the records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.audit.context import Actor, acting
from apps.connectors.contracts import Change, Connector, Cursor, ReadFailed
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.connectors.selectors import active_mapping, connector_for
from apps.core.errors import HubError
from apps.core.hashing import content_hash
from apps.distribution.clock import RunningClock
from apps.distribution.gate import connection_called
from apps.distribution.models import PullFeed, Subscription
from apps.distribution.observed import land_observed
from apps.sources.models import SourceRecord, SourceSystem

PAGE = 500
REMEMBERED = 2_000
"""Contents of the last records of a feed that are kept, so that an overlap lands nothing twice."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a round came to, over all feeds of a connection. `failed`: feed to reason."""

    read: int
    landed: int
    resyncs: int
    failed: Mapping[str, str]


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
            PullFeed.objects.get_or_create(subscription=subscription)
            try:
                for found in _round(connection, connector, subscription, mapping, clock, pages):
                    read, landed, resyncs = read + found[0], landed + found[1], resyncs + found[2]
            except (ReadFailed, HubError) as error:
                failed[mapping.name] = str(error)
                PullFeed.objects.filter(subscription=subscription).update(note=str(error)[:500])
    return Pulled(read, landed, resyncs, failed)


def _round(
    connection: Connection,
    connector: Connector,
    subscription: Subscription,
    mapping: OutboundMapping,
    clock: RunningClock,
    pages: int,
) -> Sequence[tuple[int, int, int]]:
    """Read page after page; return (read, landed, begun again) of each."""
    found: list[tuple[int, int, int]] = []
    overlap = connector.caps.overlap_seconds
    for _ in range(pages):
        feed = PullFeed.objects.get(subscription=subscription)
        cursor = Cursor(feed.cursor) if feed.cursor else None
        page = connector.pull(mapping.object, cursor, mapping.remote_paths, PAGE, overlap)
        overlap = 0.0
        if page.resync_needed:
            # What is landed stays; everything is read again, and what is equal lands nothing.
            _move(feed, cursor=None, resyncs=F("resyncs") + 1, now=clock.now())
            found.append((0, 0, 1))
            if cursor is None:
                break
            continue
        changes = [
            change for change in page.changes if mapping.match_when is None or mapping.matches(change.values)
        ]
        with transaction.atomic():
            fresh = _fresh(feed, mapping, changes)
            landed = _land(connection, mapping, fresh, clock.now()) if fresh else 0
            following = page.next_cursor.value if page.next_cursor else feed.cursor
            seen = {**feed.seen, **{change.native_id: _content(mapping, change) for change in changes}}
            _move(
                feed,
                cursor=following,
                landed=F("landed") + landed,
                seen=dict(list(seen.items())[-REMEMBERED:]),
                now=clock.now(),
            )
        found.append((len(page.changes), landed, 0))
        if not page.more:
            break
    return found


def _move(feed: PullFeed, *, now: datetime, **fields: object) -> None:
    """Move a feed on, unless another reader has: then this page is rolled back, the other landed it."""
    mine = PullFeed.objects.filter(pk=feed.pk, pages=feed.pages)
    if not mine.update(pages=F("pages") + 1, pulled_at=now, note="", **fields):
        raise FeedMoved(f"{feed} was read by another worker at the same time.")


class FeedMoved(HubError):
    code = "feed_moved"
    title = "Another worker reads this feed"
    status = 409


def _content(mapping: OutboundMapping, change: Change) -> str:
    return content_hash([mapping.version, change.deleted, mapping.from_remote(change.values)]).hex()


def _fresh(feed: PullFeed, mapping: OutboundMapping, changes: Sequence[Change]) -> list[Change]:
    """Return the last state of each record that was not read with the same content before."""
    newest = {change.native_id: change for change in changes}
    return [change for native, change in newest.items() if feed.seen.get(native) != _content(mapping, change)]


def _land(connection: Connection, mapping: OutboundMapping, changes: Sequence[Change], now: datetime) -> int:
    """Land changes; a deletion of what the hub never heard of is none."""
    gone = {change.native_id for change in changes if change.deleted}
    known = dict(
        SourceRecord.objects.filter(system=connection.code, entity=mapping.entity, key__in=gone).values_list(
            "key", "pk"
        )
    )
    seen = [
        (change.native_id, change.values)
        for change in changes
        if not change.deleted or change.native_id in known
    ]
    if not seen:
        return 0
    landed = land_observed(
        connection=connection, mapping=mapping, seen=seen, deleted=frozenset(known),
        origin=f"pulled from {connection.code}", now=now,
    )  # fmt: skip
    return landed.counts.new + landed.counts.changed if landed else 0
