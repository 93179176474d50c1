"""Claim due lanes: locked without waiting, leased, fenced by a token; park those that kill workers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg import Cursor

from apps.connectors.models import Connection
from apps.core.bulk import raw_cursor
from apps.distribution.engine.delays import LEASE
from apps.distribution.engine.verdicts import ADMINISTRATOR
from apps.distribution.gate import charge, opening, why_closed
from apps.distribution.models import TargetState

POISON_CRASHES = 3
_CRASHES = "(l.crash_count + (l.lease_until IS NOT NULL)::int)"
_DUE = """
FROM distribution_lane l JOIN distribution_subscription s ON s.id = l.subscription_id
WHERE l.connection_id = %(connection)s AND l.done_seq < l.last_seq AND l.parked_at IS NULL
  AND l.next_at <= %(now)s AND s.active AND NOT s.paused AND NOT EXISTS (
    SELECT 1 FROM stewardship_exceptiontask x WHERE x.record_id = l.record_id AND x.holds AND x.status = 'open')
"""
_IS_SUSPECT = f"l.crash_count > 0 AND {_CRASHES} > 1"
_FIELDS = [field.attname for field in TargetState._meta.concrete_fields]
_STATE = f"SELECT {', '.join(f't.{name}' for name in _FIELDS)}, c.enabled"
_TARGET = """
FROM distribution_targetstate t JOIN connectors_connection c ON c.id = t.connection_id
WHERE t.connection_id = %(connection)s
"""
_LOOK = f"{_STATE}, EXISTS (SELECT 1 {_DUE}) {_TARGET}"
_LOCK = f"{_STATE} {_TARGET} FOR UPDATE OF t"
_OUT = f"""
SELECT count(*), EXISTS (SELECT 1 {_DUE} AND {_IS_SUSPECT})
FROM distribution_lane WHERE connection_id = %(connection)s AND lease_until > %(now)s
"""
_SUSPECT = f"""
SELECT l.id, {_CRASHES} {_DUE} AND {_IS_SUSPECT} ORDER BY l.next_at, l.id LIMIT 1 FOR UPDATE OF l SKIP LOCKED
"""
_CLOSED = """closed AS (
    UPDATE distribution_deliveryattempt a SET ended_at = %(now)s, outcome = 'crashed', code = 'worker_lost',
        message = 'The worker ended without an outcome.'
    FROM chosen WHERE a.lane_id = chosen.id AND a.ended_at IS NULL
)"""


def _leasing(chosen: str) -> str:
    return f"""WITH chosen AS ({chosen}), {_CLOSED}
UPDATE distribution_lane l SET token = l.token + 1, leased_by = %(worker)s, next_at = %(until)s,
    lease_until = %(until)s, crash_count = {_CRASHES}, unsure = l.unsure OR l.lease_until IS NOT NULL, once_more = false
FROM chosen WHERE l.id = chosen.id RETURNING l.id, l.token
"""


_FRESH = _leasing(f"""SELECT l.id {_DUE} AND {_CRASHES} < 2
    ORDER BY l.priority, l.next_at, l.id LIMIT %(slots)s FOR UPDATE OF l SKIP LOCKED""")
_ALONE = _leasing("SELECT %(lane)s::bigint AS id")
_PARK = f"""WITH chosen AS (SELECT %(lane)s::bigint AS id), {_CLOSED}
UPDATE distribution_lane l SET parked_at = %(now)s, park_code = 'poison', park_owner = %(owner)s, park_due = %(due)s,
    park_reason = %(reason)s, crash_count = %(crashes)s, lease_until = NULL, leased_by = '', waiting_for = NULL,
    unsure = true, token = token + 1
FROM chosen WHERE l.id = chosen.id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """Lanes leased to this worker, id to token. `alone`: one suspect that must go out by itself."""

    tokens: dict[int, int]
    alone: bool = False
    parked: int = 0
    gate: str = ""


def claim_lanes(*, connection: Connection, limit: int, worker: str, suspects: bool, now: datetime) -> Claim:
    """Lease up to `limit` due lanes in one short transaction; without one when there is nothing to lease.

    With `suspects` (the worker has nothing else out) a lane that was there when two workers died goes first
    and alone, so that it cannot take others down; a third death parks it.
    """
    values = {"connection": connection.pk, "now": now, "worker": worker, "until": now + LEASE}
    with raw_cursor() as cursor:
        found = cursor.execute(_LOOK, values).fetchone()
    if found is None:
        return Claim({})
    reason = why_closed(_state_of(found), enabled=found[-2], now=now)
    if reason or not found[-1]:
        return Claim({}, gate=reason)
    with transaction.atomic(), raw_cursor() as cursor:
        return _claim(cursor, values, limit, suspects, now)


def _claim(
    cursor: Cursor[Any], values: Mapping[str, Any], limit: int, suspects: bool, now: datetime
) -> Claim:
    with raw_cursor() as locking, cursor.connection.pipeline():
        locking.execute(_LOCK, values)
        # A statement of its own sees what others leased before they gave the lock away.
        cursor.execute(_OUT, values)
        found, (out, is_suspect) = locking.fetchone(), cursor.fetchone() or (0, False)
    if found is None:
        return Claim({})
    state = _state_of(found)
    gate = opening(state, enabled=found[-1], out=out, now=now)
    slots, parked = min(limit, gate.slots), 0
    if slots < 1:
        return Claim({}, gate=gate.reason)
    while suspects and is_suspect and (suspect := cursor.execute(_SUSPECT, values).fetchone()):
        lane, crashes = suspect
        if crashes < POISON_CRASHES:
            tokens = dict(cursor.execute(_ALONE, {**values, "lane": lane}).fetchall())
            charge(state, 1, now=now)
            return Claim(tokens, alone=True, parked=parked)
        cursor.execute(_PARK, {**values, "lane": lane, "crashes": crashes, **_poisoned(crashes, now)})
        parked += 1
    tokens = dict(cursor.execute(_FRESH, {**values, "slots": slots}).fetchall())
    charge(state, len(tokens), now=now)
    return Claim(tokens, parked=parked)


def _state_of(row: tuple[Any, ...]) -> TargetState:
    return TargetState.from_db("default", _FIELDS, row[: len(_FIELDS)])


def _poisoned(crashes: int, now: datetime) -> dict[str, object]:
    return {
        "reason": f"Workers died {crashes} times while they delivered this version.",
        "owner": ADMINISTRATOR.owner,
        "due": now + ADMINISTRATOR.due_in,
    }


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
