"""Change feeds for systems that keep apart when a record was made and when it was last changed."""

import json
from collections.abc import Callable, Sequence

from apps.connectors.contracts import Change, Cursor, Page

#: The place of a row in a feed: its moment as the target writes it, then what breaks ties.
Place = list[str]
#: Takes a place (None: from the beginning) and a limit; gives rows after it in order, each with its place.
Feed = Callable[[Place | None, int], list[tuple[Place, Change]]]


def read_feeds(cursor: Cursor | None, feeds: Sequence[Feed], limit: int) -> Page:
    """Read a page from each feed; the cursor holds one place for each. A record may come from both."""
    places: list[Place | None] = json.loads(cursor.value) if cursor else [None] * len(feeds)
    share = max(1, limit // len(feeds))
    rows: list[tuple[Place, Change]] = []
    more = False
    for number, feed in enumerate(feeds):
        got = feed(places[number], share)
        if got:
            places[number] = got[-1][0]
        more = more or len(got) == share
        rows.extend(got)
    rows.sort(key=lambda row: row[0][0])
    following = Cursor(json.dumps(places)) if any(places) else None
    return Page(tuple(change for _, change in rows), following, more=more)
