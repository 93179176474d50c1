"""Values of Tryton's JSON-RPC: dates, moments and decimals as tagged objects; the hub's side is plain."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

_HOUR = 3600


def encoded(kind: str, value: Any) -> Any:
    """Return a plain value as a field of this type takes it; a time span is given in hours."""
    if value is None or value == "":
        return None
    if kind == "date":
        day = date.fromisoformat(str(value)[:10])
        return {"__class__": "date", "year": day.year, "month": day.month, "day": day.day}
    if kind in ("datetime", "timestamp"):
        return moment_out(datetime.fromisoformat(str(value).replace("Z", "+00:00")))
    if kind == "numeric":
        return {"__class__": "Decimal", "decimal": str(value)}
    if kind == "float":
        return float(value)
    if kind == "integer":
        return int(value)
    if kind == "timedelta":
        return {"__class__": "timedelta", "seconds": float(Decimal(str(value)) * _HOUR)}
    return value


def moment_out(moment: datetime) -> dict[str, Any]:
    naive = moment.astimezone(UTC) if moment.tzinfo else moment
    names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{name: getattr(naive, name) for name in names}}


def decoded(value: Any) -> Any:
    """Return what the server gave as plain values: ISO text for dates and moments, text for decimals."""
    if isinstance(value, list):
        return [decoded(part) for part in value]
    if not isinstance(value, Mapping):
        return value
    kind = value.get("__class__")
    if kind == "date":
        return date(value["year"], value["month"], value["day"]).isoformat()
    if kind == "datetime":
        names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        year, month, day, hour, minute, second, micro = (int(value[name]) for name in names)
        moment = datetime(year, month, day, hour, minute, second, micro, UTC)
        return moment.isoformat().replace("+00:00", "Z")
    if kind == "Decimal":
        return str(value["decimal"])
    if kind == "timedelta":
        return format((Decimal(str(value["seconds"])) / _HOUR).normalize(), "f")
    return {name: decoded(part) for name, part in value.items()}
