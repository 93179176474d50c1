"""The one place that reads the wall clock; everything else is handed `now`."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)
