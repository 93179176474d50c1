"""Search domains for what was made or changed in Tryton since a place in a feed."""

from datetime import datetime, timedelta
from typing import Any

from apps.connectors.dialects.tryton_values import moment_out
from apps.connectors.feeds import Place


def feed_domain(column: str, place: Place | None, overlap: float) -> list[Any]:
    """Return the domain of rows after a place: later, or of the same moment with a higher id."""
    if place is None:
        return [[column, "!=", None]]
    moment = datetime.fromisoformat(place[0].replace("Z", "+00:00"))
    if overlap:
        return [[column, ">=", moment_out(moment - timedelta(seconds=overlap))]]
    at = moment_out(moment)
    return ["OR", [column, ">", at], [[column, "=", at], ["id", ">", int(place[1])]]]
