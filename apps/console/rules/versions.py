"""What every screen of versioned rules shares: which version is shown, and the words for its acts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import Http404


def chosen_version(rows: Sequence[Any], query: Mapping[str, str]) -> Any:
    """Return the version `?version=` names, else the active one, else the newest; 404 when there is none."""
    number = query.get("version", "")
    if number:
        found = next((row for row in rows if str(row.version) == number), None)
        if found is None:
            raise Http404(f"There is no version {number}.")
        return found
    found = next((row for row in rows if row.is_active), None) or next(iter(rows), None)
    if found is None:
        raise Http404("There is no version yet; `manage.py seed_defaults` makes the default one.")
    return found


def number_of(text: str) -> int:
    """Return a primary key from a form; 404 when it is none."""
    if not text.isdecimal():
        raise Http404("There is no such version.")
    return int(text)
