"""Keep a target's breaker and holds after results came in."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from apps.connectors.models import Connection
from apps.core.bulk import raw_cursor
from apps.distribution.engine.breaker import after_results
from apps.distribution.engine.delays import hold_delay
from apps.distribution.gate import breaker_of, locked_state, store_breaker
from apps.distribution.outcomes import Ending

log = structlog.get_logger(__name__)

WELL = """
SELECT breaker_state = 'closed' AND fail_run = 0 AND trips = 0 AND hold_run = 0 AND strpos(recent, '0') = 0
FROM distribution_targetstate WHERE connection_id = %s
"""
"""Whether there is nothing to take back: so most results write nothing here."""
_AGAIN = """
UPDATE distribution_lane l SET next_at = %(now)s
FROM (SELECT id FROM distribution_lane WHERE connection_id = %(connection)s AND done_seq < last_seq
      AND parked_at IS NULL AND lease_until IS NULL AND waiting_for IS NULL AND attempts > 0 AND next_at > %(now)s
      ORDER BY id FOR UPDATE SKIP LOCKED) w
WHERE l.id = w.id
"""


def speak_ill(endings: Sequence[Ending]) -> bool:
    """Tell whether one of these endings says something against the target."""
    return any(ending.hold is not None or ending.healthy is False for ending in endings)


def note_health(*, connection: Connection, endings: Sequence[Ending], now: datetime) -> None:
    """Move the breaker by these endings, and rest the target when one of them asks for it."""
    results = [(e.draft.facts.lane_id, e.healthy) for e in endings]
    spoken = [(lane, healthy) for lane, healthy in results if healthy is not None]
    hold = next((e.hold for e in reversed(endings) if e.hold is not None), None)
    if hold is None and not spoken:
        return
    with transaction.atomic():
        state = locked_state(connection)
        before = breaker_of(state)
        after = after_results(before, spoken, now=now)
        store_breaker(state, after)
        if hold is not None:
            state.hold_run += 1
            state.hold_until = now + hold_delay(holds=state.hold_run, retry_after=hold.retry_after)
            state.hold_code, state.hold_note = hold.code[:60], hold.message[:300]
        elif any(healthy for _, healthy in spoken):
            state.hold_run, state.hold_until, state.hold_code, state.hold_note = 0, None, "", ""
        state.save()
        if before.position != "closed" and after.position == "closed":
            with raw_cursor() as cursor:
                cursor.execute(_AGAIN, {"now": now, "connection": connection.pk})
    if before.position != after.position or hold is not None:
        log.warning(
            "distribution.target.changed",
            target=connection.code,
            breaker=after.position,
            hold=hold.code if hold else "",
        )
