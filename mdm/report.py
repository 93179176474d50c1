"""The state of the hub in counts: read, rejected and why, golden, merged across systems, waiting, delivered."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from rich.console import Console

_COUNTS = {
    "source records": "SELECT system_id || ' ' || entity, count(*) FROM sources_sourcerecord GROUP BY 1 ORDER BY 1",
    "rejected rows": "SELECT l.layout || ': ' || r.code, count(*) FROM sources_rejectedrow r"
    " JOIN sources_load l ON l.id = r.load_id WHERE r.status = 'open' GROUP BY 1 ORDER BY 1",
    "golden records": "SELECT entity, count(*) FROM golden_goldenrecord WHERE status = 'live' GROUP BY 1 ORDER BY 1",
    "golden records of several systems": "SELECT entity, count(*) FROM (SELECT entity, record_id FROM"
    " sources_crosswalk GROUP BY 1, 2 HAVING count(DISTINCT system_id) > 1) s GROUP BY 1 ORDER BY 1",
    "golden records of several source records": "SELECT entity, count(*) FROM (SELECT entity, record_id FROM"
    " sources_crosswalk GROUP BY 1, 2 HAVING count(*) > 1) s GROUP BY 1 ORDER BY 1",
    "pairs waiting for review": "SELECT entity, count(*) FROM matching_candidatepair WHERE status = 'open'"
    " GROUP BY 1 ORDER BY 1",
    "change requests waiting": "SELECT entity || ' ' || \"group\", count(*) FROM stewardship_changerequest"
    " WHERE status = 'pending' GROUP BY 1 ORDER BY 1",
    "references waiting": "SELECT r.target_entity, count(*) FROM sources_reference r WHERE NOT EXISTS (SELECT 1 FROM"
    " sources_crosswalk c WHERE c.system_id = r.target_system AND c.entity = r.target_entity"
    " AND c.key = r.target_key) GROUP BY 1 ORDER BY 1",
    "delivery lanes": "SELECT c.code || ' ' || s.entity || ' ' || CASE WHEN l.parked_at IS NOT NULL THEN 'dead letter'"
    " WHEN l.done_seq >= l.last_seq THEN 'delivered' ELSE 'waiting' END, count(*) FROM distribution_lane l"
    " JOIN distribution_subscription s ON s.id = l.subscription_id"
    " JOIN connectors_connection c ON c.id = s.connection_id GROUP BY 1 ORDER BY 1",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One question and its counts."""

    title: str
    rows: tuple[tuple[str, int], ...]


def hub_report() -> list[Section]:
    """Return the counts of the whole hub."""
    sections = []
    with connection.cursor() as cursor:
        for title, query in _COUNTS.items():
            cursor.execute(query)
            sections.append(Section(title, tuple(cursor.fetchall())))
    return sections


def print_report(console: Console) -> None:
    """Print the counts of the whole hub."""
    for section in hub_report():
        console.print(f"[bold]{section.title}[/bold]")
        for name, count in section.rows or (("none", 0),):
            console.print(f"  {name:<44} {count:>9,}")


def as_json() -> dict[str, Any]:
    """Return the counts as a document."""
    return {section.title: dict(section.rows) for section in hub_report()}
