"""The people of a local hub and their first passwords, kept in `<home>/secrets/logins.json` (0600)."""

import json
import secrets

from mdm.local.paths import home, write_private

# user name: roles; two people besides the administrator, because nobody approves what he asked for
PEOPLE: dict[str, tuple[str, ...]] = {
    "admin": ("administrator",),
    "steward": ("steward",),
    "approver": ("approver",),
}


def first_passwords() -> dict[str, str]:
    """User name to the random password made at first start."""
    path = home() / "secrets/logins.json"
    try:
        known: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError):
        known = {}
    missing = [name for name in PEOPLE if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(12) for name in missing}
        write_private(path, json.dumps(known, indent=1))
    return known
