"""OData V2 values: dates as milliseconds, decimals as text; the hub's side is ISO text."""

import re
from datetime import UTC, date, datetime
from typing import Any

_MOMENT = re.compile(r"^/Date\((-?\d+)([+-]\d+)?\)/$")
_ISO_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_CLOCK = re.compile(r"^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")


def outgoing(value: Any) -> Any:
    """Return a payload value as V2 takes it."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) and _ISO_DAY.match(value):
        day = datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
        return f"/Date({round(day.timestamp() * 1000)})/"
    if isinstance(value, dict):
        return {name: outgoing(part) for name, part in value.items()}
    return [outgoing(part) for part in value] if isinstance(value, list) else value


def incoming(value: Any) -> Any:
    """Return a value that V2 gave as the hub reads it; `results` wrappers and metadata are taken off."""
    if isinstance(value, str):
        found = _MOMENT.match(value)
        return _iso(int(found[1]), zoned=bool(found[2])) if found else value
    if isinstance(value, dict):
        if isinstance(value.get("results"), list):
            return [incoming(part) for part in value["results"]]
        return {
            name: incoming(part)
            for name, part in value.items()
            if name != "__metadata" and not (isinstance(part, dict) and "__deferred" in part)
        }
    return [incoming(part) for part in value] if isinstance(value, list) else value


def _iso(milliseconds: int, *, zoned: bool) -> str:
    """Edm.DateTime without a time of day is a day; Edm.DateTimeOffset, written with a zone, is a moment."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    if not zoned and milliseconds % 86_400_000 == 0:
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clock(value: str | None) -> str:
    """Return an Edm.Time such as PT07H05M09S as 07:05:09."""
    found = _CLOCK.match(value or "")
    parts = [int(part or 0) for part in found.groups()] if found else [0, 0, 0]
    return ":".join(f"{part:02d}" for part in parts)


def clock_literal(value: str) -> str:
    """Return 07:05:09 as a filter literal."""
    hours, minutes, seconds = value.split(":")
    return f"time'PT{hours}H{minutes}M{seconds}S'"


def text_literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
