"""Order of source versions: a system's own timestamp or counter, compared by what it means."""

from datetime import UTC, datetime


def version_key(version: str | None) -> tuple[int, float, str]:
    """Return a sortable key: none < text < numbers and timestamps by value."""
    if not version:
        return (0, 0.0, "")
    try:
        return (2, float(version), "")
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(version)
    except ValueError:
        return (1, 0.0, version)
    return (2, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), "")


def is_older(version: str | None, than: str | None) -> bool:
    """Tell whether a version lies before another; an unknown one is never older."""
    return bool(version) and bool(than) and version_key(version) < version_key(than)


def recency_of(version: str | None) -> float:
    """Return seconds since the epoch when the version is a timestamp, else 0: counters of systems do not compare."""
    kind, value, _ = version_key(version)
    if kind != 2 or not version or version.replace(".", "", 1).isdigit():
        return 0.0
    return value
