"""Write attempts: a row before each call, its end after it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from apps.connectors.models import Connection
from apps.core.bulk import as_json, raw_cursor
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
    DeliveryAttempt.objects.bulk_create(rows, batch_size=1000)


def _row(connection: Connection, draft: Draft, worker: str, now: datetime) -> DeliveryAttempt:
    facts, payload = draft.facts, draft.payload
    decided = draft.outcome is not None
    return DeliveryAttempt(
        lane_id=facts.lane_id,
        connection=connection,
        record_id=facts.record_id,
        seq=facts.seq,
        op=draft.op,
        key=draft.key,
        started_at=now,
        ended_at=now if decided else None,
        outcome=draft.outcome or "",
        code=draft.code[:80],
        message=draft.message[:1000],
        payload=draft.masker.payload(payload.body) if payload and draft.masker else None,
        payload_hash=draft.payload_hash or None,
        mapping=facts.mapping,
        mapping_version=draft.mapping_version,
        worker=worker,
        token=facts.token,
        actor=facts.actor,
        correlation_id=facts.correlation_id,
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
    with raw_cursor() as cursor:
        cursor.execute(_END, (as_json(rows),))
