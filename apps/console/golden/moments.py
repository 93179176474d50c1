"""Days and moments of query strings."""

from datetime import date, datetime

from django.utils import timezone


def day_of(text: str) -> date | None:
    """Return a day such as 2026-01-31; None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def moment_of(text: str) -> datetime | None:
    """Return a moment of a datetime-local field, in the time zone of the console; None for what is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
