"""Write endings down: lanes whose token still holds move on, the target's name for the record is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.connectors.models import Connection
from apps.core.bulk import as_json, raw_cursor
from apps.distribution.attempts import end_attempts
from apps.distribution.health import WELL
from apps.distribution.models import Op, Outcome, SubscriptionMode
from apps.distribution.outcomes import DONE, Ending, LaneNext, superseded

# Whoever writes a golden record locks its header, then its lanes. Here lanes are locked without waiting,
# so the two can never wait for each other; what is locked elsewhere is settled a moment later.
_LOCK = (
    "SELECT id, token, last_seq, once_more FROM distribution_lane WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
)
# A lane whose mapping changed while it was leased has delivered what its version was before: that is not the end of it.
_MOVE = """
UPDATE distribution_lane l SET lease_until = NULL, leased_by = '', crash_count = 0, next_at = n.next_at,
    attempts = n.attempts, unsure = n.unsure, failing_since = n.failing_since, waiting_for = n.waiting_for,
    code = n.code, note = n.note, parked_at = n.parked_at, park_code = n.park_code, park_reason = n.park_reason,
    park_owner = n.park_owner, park_due = n.park_due, once_more = false,
    done_seq = CASE WHEN l.once_more THEN least(greatest(l.done_seq, n.done_seq), l.last_seq - 1)
                    ELSE greatest(l.done_seq, n.done_seq) END,
    pending_since = CASE WHEN n.done_seq >= l.last_seq AND NOT l.once_more THEN NULL
                         WHEN n.done_seq > l.done_seq THEN n.next_at ELSE l.pending_since END
FROM jsonb_to_recordset(%s) AS n(lane_id bigint, done_seq int, next_at timestamptz, attempts int, unsure boolean,
    failing_since timestamptz, waiting_for uuid, code text, note text, parked_at timestamptz, park_code text,
    park_reason text, park_owner text, park_due timestamptz)
WHERE l.id = n.lane_id
"""
_KNOW = """
INSERT INTO distribution_externalref AS r (lane_id, connection_id, record_id, object, external_id, native_id,
    remote_version, last_hash, last_fields, last_seq, mapping_version, deactivated, last_seen)
SELECT n.lane_id, n.connection_id, n.record_id, n.object, n.external_id, n.native_id, n.remote_version,
    decode(n.last_hash, 'hex'), n.last_fields, n.last_seq, n.mapping_version, n.deactivated, n.last_seen
FROM jsonb_to_recordset(%s) AS n(lane_id bigint, connection_id bigint, record_id uuid, object text, external_id text,
    native_id text, remote_version text, last_hash text, last_fields jsonb, last_seq int, mapping_version text,
    deactivated boolean, last_seen timestamptz)
ON CONFLICT (lane_id) DO UPDATE SET object = excluded.object, external_id = excluded.external_id,
    native_id = CASE WHEN excluded.native_id = '' THEN r.native_id ELSE excluded.native_id END,
    remote_version = excluded.remote_version, last_hash = excluded.last_hash, last_seq = excluded.last_seq,
    last_fields = CASE WHEN excluded.deactivated THEN r.last_fields || excluded.last_fields
                       ELSE excluded.last_fields END,
    mapping_version = excluded.mapping_version, deactivated = excluded.deactivated, last_seen = excluded.last_seen
"""
_WAKE = """
UPDATE distribution_lane l SET next_at = %(now)s, waiting_for = NULL
FROM (SELECT id FROM distribution_lane WHERE waiting_for = ANY(%(records)s) AND connection_id = %(connection)s
      AND lease_until IS NULL ORDER BY id FOR UPDATE SKIP LOCKED) w
WHERE l.id = w.id
"""


_LANE_COLUMNS = tuple(field.name for field in fields(LaneNext))


@dataclass(frozen=True, slots=True)
class Settled:
    """`late`: taken over by another worker. `left`: locked by somebody just now, to be settled again. `well`: the
    target has nothing to recover from."""

    done: tuple[Ending, ...]
    late: tuple[Ending, ...]
    left: tuple[Ending, ...]
    well: bool


def settle(*, connection: Connection, endings: Sequence[Ending], wait: bool, now: datetime) -> Settled:
    """Write these endings in one transaction; with `wait` for lanes that somebody else has locked."""
    by_lane = {ending.draft.facts.lane_id: ending for ending in endings}
    with transaction.atomic(), raw_cursor() as cursor:
        with raw_cursor() as asking, cursor.connection.pipeline():
            cursor.execute(_LOCK + ("" if wait else " SKIP LOCKED"), (list(by_lane),))
            asking.execute(WELL, (connection.pk,))
            locked, (well,) = cursor.fetchall(), asking.fetchone() or (True,)
        done, late = [], []
        for lane, token, last_seq, once_more in locked:
            ending = by_lane.pop(lane)
            if token != ending.draft.facts.token:
                late.append(ending)
            else:
                done.append(_current(ending, last_seq, once_more, now))
        reached = [ending for ending in done if ending.reached]
        records = [ending.draft.facts.record_id for ending in reached]
        with cursor.connection.pipeline():
            if done:
                cursor.execute(_MOVE, (as_json([_lane_row(ending) for ending in done]),))
            if reached:
                cursor.execute(_KNOW, (as_json([_ref_row(connection, ending, now) for ending in reached]),))
                cursor.execute(_WAKE, {"now": now, "records": records, "connection": connection.pk})
            end_attempts([*done, *late], fenced=frozenset(e.draft.facts.lane_id for e in late), now=now)
    return Settled(tuple(done), tuple(late), tuple(by_lane.values()), well)


def _current(ending: Ending, last_seq: int, once_more: bool, now: datetime) -> Ending:
    """A refusal of what is not to be delivered any more is none: the newer version, or mapping, gets its turn."""
    facts = ending.draft.facts
    overtaken = facts.mode == SubscriptionMode.STATE and (last_seq > facts.seq or once_more)
    return superseded(ending, now=now) if overtaken and ending.outcome is Outcome.PARKED else ending


def _lane_row(ending: Ending) -> dict[str, Any]:
    facts = ending.draft.facts
    return {
        "lane_id": facts.lane_id,
        "done_seq": facts.seq if ending.outcome in DONE else 0,
        **{name: getattr(ending.lane, name) for name in _LANE_COLUMNS},
    }


def _ref_row(connection: Connection, ending: Ending, now: datetime) -> dict[str, Any]:
    draft = ending.draft
    payload, said = draft.ready, ending.acknowledged
    return {
        "lane_id": draft.facts.lane_id,
        "connection_id": connection.pk,
        "record_id": draft.facts.record_id,
        "object": payload.object,
        "external_id": payload.ext_id,
        "native_id": said.native_id or "",
        "remote_version": said.remote_version or "",
        "last_hash": draft.payload_hash.hex(),
        "last_fields": payload.body,
        "last_seq": draft.facts.seq,
        "mapping_version": draft.mapping_version,
        "deactivated": draft.op is Op.DEACTIVATE,
        "last_seen": now,
    }
