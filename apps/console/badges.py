"""What waits for somebody, counted once per request in one statement, for the sidebar and the dashboard."""

from weakref import WeakKeyDictionary

from django.db import connection
from django.http import HttpRequest

MOST = 10_000
"""Counting stops here: a badge says "many", and one page load never scans a million rows."""

_WAITING = {
    "reviews": "SELECT 1 FROM matching_candidatepair WHERE status = 'open'",
    "requests": "SELECT 1 FROM stewardship_changerequest WHERE status = 'pending'",
    "overdue": "SELECT 1 FROM stewardship_changerequest WHERE status = 'pending' AND due_at < now()",
    "exceptions": "SELECT 1 FROM stewardship_exceptiontask WHERE status = 'open'",
    "rejected": "SELECT 1 FROM sources_rejectedrow WHERE status = 'open'",
    "dead_letters": "SELECT 1 FROM distribution_lane WHERE parked_at IS NOT NULL",
    "findings": "SELECT 1 FROM distribution_finding WHERE state = 'open'",
    "inbox": "SELECT 1 FROM distribution_inboxmessage WHERE state = 'rejected'",
    "references": (
        "SELECT 1 FROM sources_reference r WHERE NOT EXISTS (SELECT 1 FROM sources_crosswalk c"
        " WHERE c.system_id = r.target_system AND c.entity = r.target_entity AND c.key = r.target_key)"
    ),
    "pending": "SELECT 1 FROM sources_sourcerecord WHERE pending_since IS NOT NULL",
}


def count_waiting() -> dict[str, int]:
    """Return the counts by name, each at most `MOST`."""
    parts = ", ".join(
        f"(SELECT count(*) FROM ({query} LIMIT {MOST}) AS counted) AS {name}"
        for name, query in _WAITING.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        row = cursor.fetchone()
    return dict(zip(_WAITING, row or (), strict=True))


_asked: WeakKeyDictionary[HttpRequest, dict[str, int]] = WeakKeyDictionary()


def waiting(request: HttpRequest) -> dict[str, int]:
    """Return `count_waiting` of this request, asked once."""
    if request not in _asked:
        _asked[request] = count_waiting()
    return _asked[request]
