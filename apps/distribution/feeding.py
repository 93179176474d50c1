"""Land what was read from a system through one mapping: what is equal once, an older reading never over a newer."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from apps.connectors.contracts import Change
from apps.connectors.mappings import OutboundMapping
from apps.connectors.models import Connection
from apps.core.errors import HubError
from apps.core.hashing import content_hash
from apps.distribution.models import PullFeed, Subscription
from apps.distribution.observed import land_observed
from apps.sources.contracts import Landed
from apps.sources.models import SourceRecord

REMEMBERED = 2_000
"""Contents of the last records of a feed that are kept, so that an overlap lands nothing twice."""


class FeedMoved(HubError):
    code = "feed_moved"
    title = "Another worker reads this feed"
    status = 409


def feed_of(subscription: Subscription) -> PullFeed:
    """Return the feed as it is now; whoever reads from the system after this may land under it."""
    PullFeed.objects.get_or_create(subscription=subscription)
    return PullFeed.objects.get(subscription=subscription)


def land_read(
    feed: PullFeed,
    connection: Connection,
    mapping: OutboundMapping,
    changes: Sequence[Change],
    *,
    origin: str,
    now: datetime,
    **moved: object,
) -> Landed | None:
    """Land changes that were read after `feed`, in the running transaction; None when none says anything new.

    `moved` are further columns of the feed. Raises FeedMoved when somebody else landed meanwhile what he read from
    the same feed: this reading may be the older one, so nothing of it may stay.
    """
    newest = {change.native_id: change for change in changes}
    said = {native: _content(mapping, change) for native, change in newest.items()}
    fresh = [change for native, change in newest.items() if feed.seen.get(native) != said[native]]
    landed = _land(connection, mapping, fresh, origin, now) if fresh else None
    seen = {name: text for name, text in feed.seen.items() if name not in said} | said
    number = landed.counts.new + landed.counts.changed if landed else 0
    move_feed(feed, landed=F("landed") + number, seen=dict(list(seen.items())[-REMEMBERED:]), **moved)
    return landed


def move_feed(feed: PullFeed, **fields: object) -> None:
    """Move a feed on, unless another reader has: then the caller's page is rolled back, the other landed it."""
    mine = PullFeed.objects.filter(pk=feed.pk, pages=feed.pages)
    if not mine.update(pages=F("pages") + 1, **fields):
        raise FeedMoved(f"{feed} was read by another worker at the same time.")


def _content(mapping: OutboundMapping, change: Change) -> str:
    return content_hash([mapping.version, change.deleted, mapping.from_remote(change.values)]).hex()


def _land(
    connection: Connection, mapping: OutboundMapping, changes: Sequence[Change], origin: str, now: datetime
) -> Landed | None:
    """Land changes; a deletion of what the hub never heard of is none."""
    gone = {change.native_id for change in changes if change.deleted}
    heard = SourceRecord.objects.filter(system=connection.code, entity=mapping.entity, key__in=gone)
    known = frozenset(heard.values_list("key", flat=True))
    seen = [
        (change.native_id, change.values)
        for change in changes
        if not change.deleted or change.native_id in known
    ]
    if not seen:
        return None
    return land_observed(
        connection=connection, mapping=mapping, seen=seen, deleted=known, origin=origin, now=now
    )
