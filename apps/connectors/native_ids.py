"""What a system's own ids look like: a key that cannot be one is not asked for."""

import re
from collections.abc import Iterable

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
NUMBER = re.compile(r"[0-9]{1,18}")
SALESFORCE = re.compile(r"[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?")


def possible(native_ids: Iterable[str], shape: re.Pattern[str]) -> list[str]:
    """Return those that may be ids of the system, each once: others would make it refuse the whole question."""
    return [native for native in dict.fromkeys(native_ids) if shape.fullmatch(native)]
