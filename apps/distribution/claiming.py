"""Claim due lanes: locked without waiting, leased, fenced by a token; park those that kill workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from apps.connectors.models import Connection
from apps.core.bulk import raw_cursor
from apps.distribution.engine.delays import LEASE
from apps.distribution.engine.verdicts import ADMINISTRATOR
from apps.distribution.gate import charge, locked_state, opening
from apps.distribution.models import DeliveryAttempt, Outcome

POISON_CRASHES = 3
_CRASHES = "(l.crash_count + (l.lease_until IS NOT NULL)::int)"
_DUE = """
FROM distribution_lane l JOIN distribution_subscription s ON s.id = l.subscription_id
WHERE l.connection_id = %(connection)s AND l.done_seq < l.last_seq AND l.parked_at IS NULL
  AND l.next_at <= %(now)s AND s.active AND NOT s.paused AND NOT EXISTS (
    SELECT 1 FROM stewardship_exceptiontask x WHERE x.record_id = l.record_id AND x.holds AND x.status = 'open')
"""
_SUSPECT = f"""SELECT l.id, {_CRASHES} {_DUE} AND {_CRASHES} > 1
ORDER BY l.next_at, l.id LIMIT 1 FOR UPDATE OF l SKIP LOCKED"""
_FRESH = f"""SELECT l.id {_DUE} AND {_CRASHES} < 2
ORDER BY l.priority, l.next_at, l.id LIMIT %(slots)s FOR UPDATE OF l SKIP LOCKED"""
_LEASE = """
UPDATE distribution_lane l SET token = token + 1, leased_by = %(worker)s, next_at = %(until)s, lease_until = %(until)s,
    crash_count = crash_count + (lease_until IS NOT NULL)::int, unsure = unsure OR lease_until IS NOT NULL
WHERE id = ANY(%(lanes)s) RETURNING id, token
"""
_PARK = """
UPDATE distribution_lane SET parked_at = %(now)s, park_code = 'poison', park_owner = %(owner)s, park_due = %(due)s,
    park_reason = %(reason)s,
    crash_count = %(crashes)s, lease_until = NULL, leased_by = '', waiting_for = NULL, unsure = true, token = token + 1
WHERE id = %(lane)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Lanes leased to this worker, id to token. `alone`: one suspect that must go out by itself."""

    tokens: dict[int, int]
    alone: bool = False
    parked: int = 0
    gate: str = ""


def claim_lanes(*, connection: Connection, limit: int, worker: str, suspects: bool, now: datetime) -> Claim:
    """Lease up to `limit` due lanes in one short transaction.

    With `suspects` (the worker has nothing else out) a lane that was there when two workers died goes first
    and alone, so that it cannot take others down; a third death parks it.
    """
    with transaction.atomic():
        state = locked_state(connection)
        gate = opening(connection, state, now=now)
        slots = min(limit, gate.slots)
        if slots < 1:
            return Claim({}, gate=gate.reason)
        parked, alone = 0, False
        lanes: list[int] = []
        with raw_cursor() as cursor:
            values = {"connection": connection.pk, "now": now, "slots": slots}
            while suspects and (found := cursor.execute(_SUSPECT, values).fetchone()):
                lane, crashes = found
                _close_open_attempts([lane], now)
                if crashes < POISON_CRASHES:
                    lanes, alone = [lane], True
                    break
                cursor.execute(
                    _PARK, {"lane": lane, "now": now, "crashes": crashes, **_poisoned(crashes, now)}
                )
                parked += 1
            if not alone:
                lanes = [lane for (lane,) in cursor.execute(_FRESH, values)]
                _close_open_attempts(lanes, now)
            cursor.execute(_LEASE, {"lanes": lanes, "worker": worker, "until": now + LEASE})
            tokens = dict(cursor.fetchall())
        charge(state, len(tokens), now=now)
    return Claim(tokens, alone=alone, parked=parked)


def _poisoned(crashes: int, now: datetime) -> dict[str, object]:
    return {
        "reason": f"Workers died {crashes} times while they delivered this version.",
        "owner": ADMINISTRATOR.owner,
        "due": now + ADMINISTRATOR.due_in,
    }


def _close_open_attempts(lanes: Sequence[int], now: datetime) -> None:
    DeliveryAttempt.objects.filter(lane_id__in=lanes, ended_at__isnull=True).update(
        ended_at=now,
        outcome=Outcome.CRASHED,
        code="worker_lost",
        message="The worker ended without an outcome.",
    )


def renew_leases(*, tokens: dict[int, int], now: datetime) -> frozenset[int]:
    """Prolong the leases still held; return the lanes that somebody else has taken over."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE distribution_lane l SET lease_until = %s, next_at = %s"
            " FROM (SELECT l2.id FROM distribution_lane l2"
            "       JOIN unnest(%s::bigint[], %s::bigint[]) AS m(id, token)"
            "       ON m.id = l2.id AND m.token = l2.token"
            "       ORDER BY l2.id FOR UPDATE OF l2 SKIP LOCKED) mine WHERE l.id = mine.id",
            (now + LEASE, now + LEASE, list(tokens), list(tokens.values())),
        )
        cursor.execute(
            "SELECT m.id FROM unnest(%s::bigint[], %s::bigint[]) AS m(id, token)"
            " LEFT JOIN distribution_lane l ON l.id = m.id AND l.token = m.token WHERE l.id IS NULL",
            (list(tokens), list(tokens.values())),
        )
        return frozenset(lane for (lane,) in cursor)
