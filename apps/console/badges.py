"""What waits for somebody, counted once per request in one statement, for the sidebar and the dashboard."""

import time
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from django.db import connection
from django.http import HttpRequest

MOST = 10_000
"""Counting stops here: a badge says "many", and one page load never scans a million rows."""

_WAITING = {
    "reviews": "SELECT 1 FROM matching_candidatepair WHERE status = 'open'",
    "requests": "SELECT 1 FROM stewardship_changerequest WHERE status = 'pending'",
    "overdue": "SELECT 1 FROM stewardship_changerequest WHERE status = 'pending' AND due_at < now()",
    "merges": "SELECT 1 FROM stewardship_mergerequest WHERE status = 'pending'",
    "exceptions": "SELECT 1 FROM stewardship_exceptiontask WHERE status = 'open'",
    "rejected": "SELECT 1 FROM sources_rejectedrow WHERE status = 'open'",
    "dead_letters": "SELECT 1 FROM distribution_lane WHERE parked_at IS NOT NULL",
    "findings": "SELECT 1 FROM distribution_finding WHERE state = 'open'",
    "inbox": "SELECT 1 FROM distribution_inboxmessage WHERE state = 'rejected'",
    "pending": "SELECT 1 FROM sources_sourcerecord WHERE pending_since IS NOT NULL",
}
_REFERENCES = (
    "SELECT 1 FROM sources_reference r WHERE NOT EXISTS (SELECT 1 FROM sources_crosswalk c"
    " WHERE c.system_id = r.target_system AND c.entity = r.target_entity AND c.key = r.target_key)"
)
SLOW, REST = 0.1, 50
"""A count that takes as many seconds, because it reads a whole table, is kept for so many times as long as it took."""


def count_waiting() -> dict[str, int]:
    """Return the counts by name, each at most `MOST`."""
    return {**_counts(_WAITING), "references": _kept.count()}


class _Kept:
    """Waiting references as this process counted them last: looking for what is not there reads all of them."""

    def __init__(self) -> None:
        self._counted, self._until = 0, 0.0

    def count(self) -> int:
        began = time.monotonic()
        if began >= self._until:
            self._counted = _counts({"references": _REFERENCES})["references"]
            now = time.monotonic()
            self._until = now + REST * (now - began) if now - began >= SLOW else 0.0
        return self._counted


_kept = _Kept()


def _counts(queries: Mapping[str, str]) -> dict[str, int]:
    parts = ", ".join(
        f"(SELECT count(*) FROM ({query} LIMIT {MOST}) AS counted) AS {name}"
        for name, query in queries.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        row = cursor.fetchone()
    return dict(zip(queries, row or (), strict=True))


_asked: WeakKeyDictionary[HttpRequest, dict[str, int]] = WeakKeyDictionary()


def waiting(request: HttpRequest) -> dict[str, int]:
    """Return `count_waiting` of this request, asked once."""
    if request not in _asked:
        _asked[request] = count_waiting()
    return _asked[request]
