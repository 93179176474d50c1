"""How each target is doing now and in the last hour, webhooks and feeds included: what the monitor shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.core.bulk import raw_cursor
from apps.distribution.contracts import TargetCounters
from apps.distribution.selectors import target_counters
from apps.distribution.services.subscriptions import BACKFILL_PRIORITY

WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class LastHour:
    """Deliveries of the last hour: commit of the change to the target's acknowledgement, in seconds; None without any.

    Of each record its newest version counts in `p50` and `p99`; what a backfill brought tells nothing of that.
    `called` are attempts that reached the target at all, `call_p50` how long it took to answer.
    """

    delivered: int
    failed: int
    p50: float | None
    p99: float | None
    called: int
    call_p50: float | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is left of the rate budget; `rate` None: unlimited."""

    rate: float | None
    left: float | None


@dataclass(frozen=True, slots=True)
class Feed:
    """How far the changes of one mapping's object were read."""

    mapping: str
    pulled_at: datetime | None
    note: str
    landed: int


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Messages of a system: when the last came, how many wait or are rejected, how many strangers were refused."""

    last_at: datetime | None
    hour: int
    waiting: int
    oldest_waiting: datetime | None
    rejected: int
    refused: int
    refused_at: datetime | None
    refused_why: str


@dataclass(frozen=True, slots=True)
class TargetHealth:
    counters: TargetCounters
    hour: LastHour
    tokens: Tokens
    feeds: tuple[Feed, ...]
    webhooks: Webhooks
    open_findings: int
    reconciled_at: datetime | None

    @property
    def oldest_pull(self) -> datetime | None:
        """When the feed was read that was read the longest ago; None: none, or one never."""
        moments = [feed.pulled_at for feed in self.feeds]
        known = [moment for moment in moments if moment is not None]
        return min(known) if known and len(known) == len(moments) else None


_HOUR = """
SELECT c.code, h.* FROM connectors_connection c CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE a.outcome IN ('created', 'updated', 'confirmed')),
        count(*) FILTER (WHERE a.outcome IN ('retry', 'unknown', 'held', 'parked', 'crashed')),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - e.created_at))
            FILTER (WHERE a.outcome IN ('created', 'updated', 'confirmed')),
        percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - e.created_at))
            FILTER (WHERE a.outcome IN ('created', 'updated', 'confirmed')),
        count(*) FILTER (WHERE a.ended_at > a.started_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.ended_at - a.started_at))
            FILTER (WHERE a.ended_at > a.started_at)
    FROM distribution_deliveryattempt a JOIN distribution_lane l ON l.id = a.lane_id
    LEFT JOIN outbox_outboxevent e ON e.record_id = a.record_id AND e.seq = a.seq AND e.seq = l.last_seq
        AND l.priority < %(backfilled)s
    WHERE a.connection_id = c.id AND a.started_at > %(since)s AND a.ended_at IS NOT NULL) h
"""
_TOKENS = """
SELECT c.code, t.rate_per_second, least(greatest(t.rate_per_second, 1),
    t.tokens + greatest(0, extract(epoch FROM %(now)s - t.tokens_at)) * t.rate_per_second)::float8
FROM distribution_targetstate t JOIN connectors_connection c ON c.id = t.connection_id
"""
_FEEDS = """
SELECT c.code, s.mapping, f.pulled_at, f.note, f.landed FROM distribution_pullfeed f
JOIN distribution_subscription s ON s.id = f.subscription_id JOIN connectors_connection c ON c.id = s.connection_id
WHERE s.active ORDER BY s.mapping
"""
_WEBHOOKS = """
SELECT c.code, i.last_at, coalesce(i.hour, 0), coalesce(w.waiting, 0), w.oldest, coalesce(j.rejected, 0),
    coalesce(r.count, 0), r.last_at, coalesce(r.reason, '')
FROM connectors_connection c
LEFT JOIN distribution_refusedwebhooks r ON r.connection_id = c.id
LEFT JOIN LATERAL (SELECT max(received_at) AS last_at, count(*) FILTER (WHERE received_at > %(since)s) AS hour
    FROM (SELECT received_at FROM distribution_inboxmessage WHERE connection_id = c.id
          ORDER BY received_at DESC LIMIT 10000) x) i ON true
LEFT JOIN LATERAL (SELECT count(*) AS waiting, min(received_at) AS oldest FROM distribution_inboxmessage
    WHERE connection_id = c.id AND state = 'waiting') w ON true
LEFT JOIN LATERAL (SELECT count(*) AS rejected FROM distribution_inboxmessage
    WHERE connection_id = c.id AND state = 'rejected') j ON true
"""
_COMPARED = """
SELECT c.code, (SELECT count(*) FROM distribution_finding f WHERE f.connection_id = c.id AND f.state = 'open'),
    (SELECT max(started_at) FROM distribution_reconciliationrun n WHERE n.connection_id = c.id AND n.state = 'done')
FROM connectors_connection c
"""


def target_health(*, now: datetime) -> list[TargetHealth]:
    """Return how each target is doing, in six statements."""
    values = {"now": now, "since": now - WINDOW, "backfilled": BACKFILL_PRIORITY}
    hours = {code: LastHour(*row) for code, *row in _rows(_HOUR, values)}
    tokens = {code: Tokens(*row) for code, *row in _rows(_TOKENS, values)}
    hooks = {code: Webhooks(*row) for code, *row in _rows(_WEBHOOKS, values)}
    compared = {code: row for code, *row in _rows(_COMPARED, values)}
    feeds: dict[str, list[Feed]] = {}
    for code, *row in _rows(_FEEDS, values):
        feeds.setdefault(code, []).append(Feed(*row))
    return [
        TargetHealth(
            counters=each,
            hour=hours.get(each.connection, LastHour(0, 0, None, None, 0, None)),
            tokens=tokens.get(each.connection, Tokens(None, None)),
            feeds=tuple(feeds.get(each.connection, ())),
            webhooks=hooks[each.connection],
            open_findings=compared[each.connection][0],
            reconciled_at=compared[each.connection][1],
        )
        for each in target_counters(now=now)
    ]


def _rows(query: str, values: dict[str, object]) -> list[Any]:
    with raw_cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
