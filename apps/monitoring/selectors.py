"""Reads across the whole pipeline: the timeline of one golden record."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.distribution.contracts import RecordDelivery
from apps.distribution.selectors import delivery_state
from apps.monitoring import record_sql
from apps.monitoring.contracts import Approval, Arrival, Joined, Landing, RecordTimeline, VersionStory
from apps.monitoring.record_sql import Event, Heard, Tried

VERSIONS = 15
_NEWEST = 2**31 - 1
_SEVERAL = "source records of several loads"
"""The reason of a batch that more than one load made: then the time tells which version a word caused."""


def record_timeline(
    *, record_id: UUID, likeness: bool, now: datetime, before: int | None = None
) -> RecordTimeline:
    """Return the newest versions of a golden record (older than `before`) with all that led to and followed from each.

    Without `likeness`, how alike matched records are is left out. A fixed number of statements.
    """
    events = record_sql.events_of(record_id, before or _NEWEST, VERSIONS + 1)
    shown, more = events[:VERSIONS], len(events) > VERSIONS
    heard = record_sql.heard_of(record_id)
    landings = _landings(record_id, heard, likeness=likeness)
    caused, quiet = _by_version(landings, events)
    approvals = [Approval(*row) for row in record_sql.approvals_of(record_id)]
    lanes = delivery_state(record_id=record_id, now=now)
    tried = record_sql.tried_of(record_id, shown[-1].seq if shown else 0)
    seen = record_sql.seen_at([lane.lane_id for lane in lanes])
    newest = shown[0].seq if shown and before is None else None
    stories = []
    for one in shown:
        arrivals = (_arrival(lane, one.seq, tried, quiet, seen, newest == one.seq) for lane in lanes)
        stories.append(
            VersionStory(
                seq=one.seq, type=one.type, at=one.at, actor=one.actor, reason=one.reason,
                correlation_id=one.correlation_id, changed=tuple(one.changed),
                landings=tuple(caused.get(one.seq, ())),
                approvals=tuple(each for each in approvals if _allowed(each, one)),
                arrivals=tuple(each for each in arrivals if each),
            )
        )  # fmt: skip
    return RecordTimeline(
        versions=tuple(stories),
        quiet=tuple(quiet) if before is None else (),
        waiting=tuple(each for each in approvals if each.decided_at is None and before is None),
        before=shown[-1].seq if more else None,
    )


def _landings(record_id: UUID, heard: Sequence[Heard], *, likeness: bool) -> list[Landing]:
    matched = sorted({each.source_record_id for each in heard if each.method not in ("new", "id")})
    pairs = record_sql.pairs_of(record_id, matched) if matched else {}
    first = {each.source_record_id: each for each in heard}  # the oldest, as rows come newest first
    found = []
    for each in heard:
        joined = None
        if first[each.source_record_id] is each:
            pair = pairs.get(each.source_record_id, (None, None, "", None))
            joined = Joined(each.method, each.assigned_at, pair[0] if likeness else None, *pair[1:])
        found.append(
            Landing(
                source_record_id=each.source_record_id, system=each.system, key=each.key, told_at=each.told_at,
                landed_at=each.at, origin=each.origin, actor=each.actor, correlation_id=each.correlation_id,
                load_id=each.load_id, message=each.message, deleted=each.deleted,
                pending=each.newest and each.waits,
                standardized_at=each.standardized_at if each.newest and not each.waits else None, joined=joined,
            )
        )  # fmt: skip
    return found


def _by_version(
    landings: Sequence[Landing], events: Sequence[Event]
) -> tuple[dict[int, list[Landing]], list[Landing]]:
    """Sort landings to the versions they caused: by business transaction, else, in mixed batches, by time.

    Those that caused none come second; what came before the versions looked at is left out.
    """
    known = {event.correlation_id: event.seq for event in events}
    mixed = sorted((event.at, event.seq) for event in events if event.reason == _SEVERAL)
    moments = [moment for moment, _ in mixed]
    oldest = min((event.at for event in events), default=None)
    caused: dict[int, list[Landing]] = {}
    quiet = []
    for each in landings:
        seq = known.get(each.correlation_id) if each.correlation_id else None
        place = bisect_left(moments, each.landed_at)
        if seq is None and not each.pending and place < len(mixed):
            seq = mixed[place][1]
        if seq is not None:
            _add(caused.setdefault(seq, []), each)
        elif oldest is None or each.landed_at >= oldest:
            quiet.append(each)
    return caused, quiet


def _add(landings: list[Landing], older: Landing) -> None:
    """Add a word unless a newer one of the same source record is there, which then takes over how it was joined."""
    for place, newer in enumerate(landings):
        if newer.source_record_id == older.source_record_id:
            landings[place] = replace(newer, joined=newer.joined or older.joined)
            return
    landings.append(older)


def _allowed(approval: Approval, version: Event) -> bool:
    """Tell whether this approval let a version go: it was decided at its very moment."""
    if approval.status != "approved" or approval.decided_at is None:
        return False
    return approval.correlation_id == version.correlation_id or approval.decided_at == version.at


def _arrival(
    lane: RecordDelivery,
    seq: int,
    tried: Sequence[Tried],
    quiet: Sequence[Landing],
    seen: dict[int, datetime],
    newest: bool,
) -> Arrival | None:
    """Return how a version came to a target: by itself, or with the first later one that was sent."""
    later = sorted(
        (each for each in tried if each.lane_id == lane.lane_id and each.seq >= seq), key=lambda t: t.seq
    )
    one = next((each for each in later if each.acknowledged_at), later[0] if later else None)
    if one is None and not (newest and lane.done_seq < lane.last_seq):
        return None
    done = one.acknowledged_at if one else None
    told_back = [
        each.landed_at for each in quiet if each.system == lane.connection and done and each.landed_at >= done
    ]
    looked = seen.get(lane.lane_id)
    return Arrival(
        connection=lane.connection, label=lane.label, mapping=lane.mapping, seq=one.seq if one else lane.last_seq,
        state=one.outcome if one and done else lane.state, attempts=one.attempts if one else 0,
        first_at=one.first_at if one else None, acknowledged_at=done,
        code=(one.code if one else "") or lane.code if not done else "",
        message=(one.message if one else "") or lane.note if not done else "",
        echo_at=min(told_back, default=None) if newest else None,
        observed_at=looked if newest and looked and done and looked >= done else None,
    )  # fmt: skip
