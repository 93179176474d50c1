"""Reads of the dashboard: figures and charts, a constant number of statements; whole-table counts are kept a minute."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from apps.distribution.contracts import TargetCounters
from apps.golden.registry import entities
from apps.matching.models import PairStatus

KEPT_SECONDS = 60
LONG = timedelta(days=3)
"""Loads older than this are drawn by day, younger ones by hour."""

GREEN, BLUE, AMBER, RED, GREY, VIOLET = "#22c55e", "#3b82f6", "#f59e0b", "#ef4444", "#94a3b8", "#8b5cf6"
PINK = "#f472b6"
ENTITY_COLOURS = (BLUE, VIOLET, GREEN, AMBER, "#14b8a6", "#ec4899", GREY)

Chart = dict[str, Any]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class EntityFigures:
    """Live golden records of one entity, and how many of them several systems know."""

    name: str
    plural: str
    live: int
    shared: int

    @property
    def share(self) -> int:
        return round(100 * self.shared / self.live) if self.live else 0


def _rows(statement: str, parameters: Sequence[str | datetime] = ()) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def _kept(name: str, read: Callable[[], Rows]) -> Rows:
    found: Rows = cache.get_or_set(f"console.{name}", read, KEPT_SECONDS) or []
    return found


def entity_figures() -> list[EntityFigures]:
    """Return the figures in the entities' order, at most a minute old."""
    live: dict[str, int] = dict(_kept("live", lambda: _rows(
        "SELECT entity, count(*) FROM golden_goldenrecord WHERE status = 'live' GROUP BY entity"
    )))  # fmt: skip
    shared: dict[str, int] = dict(_kept("shared", lambda: _rows(
        "SELECT entity, count(*) FROM (SELECT entity, record_id FROM sources_crosswalk GROUP BY entity, record_id"
        " HAVING count(DISTINCT system_id) > 1) x GROUP BY entity"
    )))  # fmt: skip
    return [
        EntityFigures(spec.name, spec.plural, live.get(spec.name, 0), shared.get(spec.name, 0))
        for spec in entities.values()
    ]


def loads_chart(*, now: datetime) -> Chart:
    """Return rows per day of the last month, or per hour when all loads are younger than `LONG`."""
    unit = "hour"
    if _rows("SELECT 1 FROM sources_load WHERE started_at BETWEEN %s AND %s LIMIT 1", _window(now)):
        unit = "day"
    rows = _rows(
        "SELECT date_trunc(%s::text, started_at) AS slot, sum(new), sum(changed), sum(unchanged + stale + skipped),"
        " sum(rejected) FROM sources_load WHERE started_at > %s GROUP BY slot ORDER BY slot",
        (unit, now - timedelta(days=30)),
    )
    shape = "%d %b" if unit == "day" else "%d %b %H:00"
    names = (("new", BLUE), ("changed", VIOLET), ("unchanged", GREY), ("rejected", RED))
    return {
        "type": "bar",
        "stacked": True,
        "labels": [row[0].strftime(shape) for row in rows],
        "datasets": [
            {"label": name, "data": [int(row[n]) for row in rows], "backgroundColor": colour}
            for n, (name, colour) in enumerate(names, start=1)
        ],
    }


def _window(now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(days=30), now - LONG


QUALITY_BANDS = (
    (100, "100", GREEN),
    (80, "80 to 99", "#a3e635"),
    (50, "50 to 79", AMBER),
    (0, "below 50", RED),
)


def quality_chart() -> Chart:
    """Return, per entity, the share of its live golden records in each band of quality, in percent."""
    rows = _kept("quality", lambda: _rows(
        "SELECT entity, CASE WHEN quality = 100 THEN 100 WHEN quality >= 80 THEN 80 WHEN quality >= 50 THEN 50"
        " ELSE 0 END, count(*) FROM golden_goldenrecord WHERE status = 'live' GROUP BY 1, 2"
    ))  # fmt: skip
    counts = {(entity, low): count for entity, low, count in rows}
    specs = list(entities.values())
    totals = {
        spec.name: sum(counts.get((spec.name, low), 0) for low, _, _ in QUALITY_BANDS) for spec in specs
    }
    return {
        "type": "bar",
        "stacked": True,
        "horizontal": True,
        "unit": "%",
        "max": 100,
        "labels": [spec.plural for spec in specs],
        "datasets": [
            {
                "label": label,
                "data": [
                    round(100 * counts.get((spec.name, low), 0) / (totals[spec.name] or 1), 1)
                    for spec in specs
                ],
                "backgroundColor": colour,
            }
            for low, label, colour in QUALITY_BANDS
        ],
    }


def matching_chart() -> Chart:
    """Return candidate pairs by entity and what became of them."""
    rows = _kept("pairs", lambda: _rows(
        "SELECT entity, status, count(*) FROM matching_candidatepair GROUP BY entity, status"
    ))  # fmt: skip
    counts = {(entity, status): count for entity, status, count in rows}
    specs = [spec for spec in entities.values() if any(entity == spec.name for entity, _ in counts)]
    shown = (
        (PairStatus.AUTO, GREEN),
        (PairStatus.MATCH, BLUE),
        (PairStatus.OPEN, AMBER),
        (PairStatus.NOT_MATCH, RED),
        (PairStatus.OBSOLETE, GREY),
    )
    labels = {PairStatus.OPEN: "waits for review", PairStatus.MATCH: "match by steward"}
    return {
        "type": "bar",
        "stacked": True,
        "horizontal": True,
        "labels": [spec.plural for spec in specs],
        "datasets": [
            {
                "label": labels.get(status, str(status.label)),
                "data": [counts.get((spec.name, status.value), 0) for spec in specs],
                "backgroundColor": colour,
            }
            for status, colour in shown
            if any((spec.name, status.value) in counts for spec in specs)
        ],
    }


def deliveries_chart(targets: Sequence[TargetCounters]) -> Chart:
    """Return records per target by how far they have come there."""
    shown = (
        ("in_step", "in step", GREEN),
        ("in_flight", "in flight", BLUE),
        ("due", "due", VIOLET),
        ("waiting", "waiting for another", GREY),
        ("backing_off", "backing off", AMBER),
        ("held", "held by exceptions", PINK),
        ("parked", "dead letter", RED),
    )
    return {
        "type": "bar",
        "stacked": True,
        "horizontal": True,
        "labels": [target.label for target in targets],
        "datasets": [
            {"label": label, "data": [getattr(t, name) for t in targets], "backgroundColor": colour}
            for name, label, colour in shown
        ],
    }


def pending_chart(pending: Mapping[str, int]) -> Chart:
    """Return source records that wait for their golden record, by entity."""
    specs = list(entities.values())
    return {
        "type": "bar",
        "horizontal": True,
        "labels": [spec.plural for spec in specs],
        "datasets": [
            {
                "label": "pending",
                "data": [pending.get(spec.name, 0) for spec in specs],
                "backgroundColor": AMBER,
            }
        ],
    }
