"""Short forms of what a standardizer answers, for tables of cases."""

from typing import Any

from apps.quality.contracts import Near
from apps.quality.registry import standardizers


def standard(name: str, value: Any, **near: Any) -> Any:
    """Return the standardized value alone."""
    return standardizers.get(name)(value, Near(**near)).value


def codes(name: str, value: Any, **near: Any) -> list[str]:
    """Return the codes of the issues alone."""
    return [issue.code for issue in standardizers.get(name)(value, Near(**near)).issues]
