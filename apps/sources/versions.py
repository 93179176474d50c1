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
    """Tell whether a version lies before another; an unknown one, or one of another kind, is never older."""
    return _compare(version, than) and version_key(version) < version_key(than)


def newest(known: str | None, told: str | None) -> str | None:
    """Return which version stands after a row was taken: the later, or the row's where they do not compare."""
    return max(known, told, key=version_key) if _compare(known, told) else (told or known)


def _compare(one: str | None, other: str | None) -> bool:
    """Tell whether both are moments, or neither is: a counter says nothing of a clock."""
    return bool(one) and bool(other) and bool(recency_of(one)) == bool(recency_of(other))


def recency_of(version: str | None) -> float:
    """Return seconds since the epoch when the version is a timestamp, else 0: counters of systems do not compare."""
    kind, value, _ = version_key(version)
    if kind != 2 or not version or version.replace(".", "", 1).isdigit():
        return 0.0
    return value
