"""Where a record stands in a tree on a day: dated places before the undated parent; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

Days = tuple[date, date]
"""First and last day, both included."""

ALWAYS: Days = (date.min, date.max)
ONE_DAY = timedelta(days=1)
MAX_DEPTH = 100
"""Levels of a tree that are looked at; nobody has more of them on purpose."""


@dataclass(frozen=True, slots=True)
class Place:
    """A record stands under `parent` (None: alone) on these days; `dated` places outrank the undated one."""

    child: str
    parent: str | None
    days: Days = ALWAYS
    dated: bool = False


Segment = tuple[str | None, Days]


def segments(places: Iterable[Place]) -> list[Segment]:
    """Return the parents of one record in one tree, day by day, without gaps or overlaps, the earliest first.

    Of two dated places that overlap, the one that begins later ends the earlier one.
    """
    listed = list(places)
    told = next((place.parent for place in listed if not place.dated), None)
    by_start = {place.days[0]: place for place in listed if place.dated}
    starts = sorted(by_start)
    found: list[Segment] = []
    free: date | None = date.min
    for first, following in zip(starts, [*starts[1:], None], strict=False):
        last = by_start[first].days[1]
        if following is not None:
            last = min(last, following - ONE_DAY)
        if free is not None and first > free:
            found.append((told, (free, first - ONE_DAY)))
        found.append((by_start[first].parent, (first, last)))
        free = None if last == date.max else last + ONE_DAY
    return found if free is None else [*found, (told, (free, date.max))]


def parent_on(places: Iterable[Place], day: date) -> str | None:
    """Return under which record one stands in one tree on a day."""
    return next((parent for parent, (first, last) in segments(places) if first <= day <= last), None)


def cycle_through(start: str, above: Mapping[str, Sequence[Segment]]) -> list[tuple[str, Days]]:
    """Return a way from a record up to itself that holds on one day at least, empty when there is none.

    `above` has the segments of every record that is above it. Each step is (record, days on which all hold).
    """
    paths: list[list[tuple[str, Days]]] = [[(start, ALWAYS)]]
    for _ in range(MAX_DEPTH):
        grown = []
        for path in paths:
            node, days = path[-1]
            for parent, own in above.get(node, ()):
                common = (max(days[0], own[0]), min(days[1], own[1]))
                if parent is None or common[0] > common[1]:
                    continue
                if parent == start:
                    return [*path, (parent, common)]
                if all(parent != seen for seen, _ in path):
                    grown.append([*path, (parent, common)])
        if not grown:
            return []
        paths = grown
    return []
