"""Write attempts: a row before each call, its end after it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from apps.connectors.models import Connection
from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.core.ids import uuid7
from apps.distribution.drafts import Draft
from apps.distribution.models import DeliveryAttempt, Outcome
from apps.distribution.outcomes import Ending


def open_attempts(*, connection: Connection, drafts: Iterable[Draft], worker: str, now: datetime) -> None:
    """Insert the attempts of drafts: running ones, and ended ones where no call is needed.

    A lane that goes on waiting for its parent leaves no further rows: the lane itself says so.
    """
    rows = [
        _row(connection, draft, worker, now)
        for draft in drafts
        if draft.outcome is not Outcome.WAITING or draft.facts.failing_since is None
    ]
    with raw_cursor() as cursor:
        copy_rows(cursor, DeliveryAttempt._meta.db_table, _COLUMNS, rows)


_COLUMNS = (
    *("id", "lane_id", "connection_id", "record_id", "seq", "op", "key", "started_at", "ended_at", "outcome"),
    *("code", "message", "payload", "payload_hash", "response", "mapping", "mapping_version", "worker"),
    *("token", "actor", "correlation_id"),
)


def _row(connection: Connection, draft: Draft, worker: str, now: datetime) -> tuple[object, ...]:
    """Return the values of _COLUMNS."""
    facts, payload = draft.facts, draft.payload
    masked = as_json(draft.masker.payload(payload.body)) if payload and draft.masker else None
    decided = draft.outcome is not None
    return (
        *(uuid7(), facts.lane_id, connection.pk, facts.record_id, facts.seq, draft.op, draft.key),
        *(now, now if decided else None, draft.outcome or "", draft.code[:80], draft.message[:1000]),
        *(masked, draft.payload_hash or None, "", facts.mapping, draft.mapping_version, worker),
        *(facts.token, facts.actor, facts.correlation_id),
    )


_END = """
UPDATE distribution_deliveryattempt a SET ended_at = n.ended_at, outcome = n.outcome, http_status = n.http_status,
    code = n.code, message = n.message, response = n.response
FROM jsonb_to_recordset(%s) AS n(lane_id bigint, token bigint, ended_at timestamptz, outcome text, http_status smallint,
    code text, message text, response text)
WHERE a.lane_id = n.lane_id AND a.token = n.token AND a.ended_at IS NULL
"""


def end_attempts(endings: Sequence[Ending], *, fenced: frozenset[int], now: datetime) -> None:
    """Complete the running attempts of these endings; those of `fenced` lanes came too late to count."""
    rows = [
        {
            "lane_id": ending.draft.facts.lane_id,
            "token": ending.draft.facts.token,
            "ended_at": now.isoformat(),
            "outcome": Outcome.FENCED if ending.draft.facts.lane_id in fenced else ending.outcome,
            "http_status": ending.http_status,
            "code": ending.code[:80],
            "message": ending.message[:1000],
            "response": ending.response,
        }
        for ending in endings
    ]
    if rows:
        with raw_cursor() as cursor:
            cursor.execute(_END, (as_json(rows),))
