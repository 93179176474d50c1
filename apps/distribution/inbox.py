"""What becomes of one inbox message: read, landed when it carries the record, else left for a worker to fetch."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models import Q

from apps.connectors.contracts import Connector, Notice
from apps.connectors.models import Connection
from apps.connectors.selectors import active_layout
from apps.core.errors import HubError, Invalid
from apps.distribution.engine.delays import HORIZON, retry_delay
from apps.distribution.models import InboxMessage, InboxState
from apps.sources.contracts import Counts, Landed
from apps.sources.readers.json_lines import json_row
from apps.sources.services import close_load, land_rows, open_load

LEASE = timedelta(minutes=5)
PATIENCE = timedelta(seconds=1)
"""A request waits this long for a load of the same system that lands just now; then a worker lands the message."""
CHANGING = (
    "state", "code", "reason", "object", "native_id", "kind", "origin", "occurred_at", "next_at", "attempts", "looks",
    "token", "lease_until", "load_id", "counts", "settled_at", "settled_by", "corrected",
)  # fmt: skip


class OtherSystem(Invalid):
    code = "layout_of_another_system"
    title = "A connection lands records of its own system only"


def content_now(row: InboxMessage) -> Any:
    """Return what the message says, as corrected where somebody corrected it."""
    return row.content if row.corrected is None else row.corrected


def read_row(connector: Connector, row: InboxMessage, *, by: str, now: datetime) -> tuple[Notice, ...]:
    """Return what a message says and note it in the row; nothing when that settles it: ignored or rejected."""
    try:
        notices = connector.read_message(content_now(row))
    except HubError as error:
        settle_row(row, InboxState.REJECTED, by=by, now=now, code=error.code, reason=error.detail)
        return ()
    if not notices:
        reason = "The hub takes nothing of this kind."
        settle_row(row, InboxState.IGNORED, by=by, now=now, code="not_taken", reason=reason)
        return ()
    first = notices[0]
    row.object, row.native_id, row.kind = first.obj[:100], first.native_id[:200], first.kind
    row.origin, row.occurred_at = first.origin[:200], first.at
    return notices


def settle_row(
    row: InboxMessage, state: InboxState, *, by: str, now: datetime, code: str = "", reason: str = ""
) -> None:
    """Put an end into a row; the caller saves it."""
    row.state, row.code, row.reason = state, code[:80], reason[:500]
    row.settled_at, row.settled_by, row.lease_until = now, by[:150], None


def note_landed(row: InboxMessage, landed: Landed | None, *, by: str, now: datetime) -> None:
    """Put what landing it came to into a row; None: the hub had heard all of it."""
    settle_row(row, InboxState.LANDED, by=by, now=now)
    counts = landed.counts if landed else Counts(unchanged=1)
    row.load_id = landed.load_id if landed else None
    row.counts = {
        name: number
        for name in ("new", "changed", "unchanged", "stale", "skipped", "rejected")
        if (number := getattr(counts, name))
    }


def land_at_once(
    connection: Connection, row: InboxMessage, notices: Sequence[Notice], *, by: str, now: datetime
) -> None:
    """Land a message that carries the record, unless its system is busy: then it goes on waiting."""
    try:
        with transaction.atomic():
            with database.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {int(PATIENCE.total_seconds() * 1000)}")
            land_carried(connection, row, notices, by=by, now=now)
    except OperationalError:
        row.state, row.code, row.reason = (
            InboxState.WAITING,
            "busy",
            "Another load of this system lands just now.",
        )
        row.load_id, row.counts, row.settled_at, row.settled_by = None, {}, None, ""


def land_carried(
    connection: Connection, row: InboxMessage, notices: Sequence[Notice], *, by: str, now: datetime
) -> None:
    """Land the rows that notices carry, in the running transaction; what cannot be landed is rejected."""
    try:
        with transaction.atomic():
            landed = [_land_row(connection, notice, now) for notice in notices]
    except HubError as error:
        settle_row(row, InboxState.REJECTED, by=by, now=now, code=error.code, reason=error.detail)
        return
    note_landed(row, _together(landed), by=by, now=now)


def _land_row(connection: Connection, notice: Notice, now: datetime) -> Landed:
    layout = active_layout(notice.layout)
    if layout.layout.system != connection.code:
        raise OtherSystem(
            f"Layout {notice.layout} is of {layout.layout.system}; name one of {connection.code} in the"
            " connection's option `layouts`."
        )
    mode: Literal["full", "patch"] = "patch" if connection.options.get("mode") == "patch" else "full"
    load = open_load(layout=layout, mode=mode, origin=f"webhook of {connection.code}", now=now)
    landed = land_rows(load=load, layout=layout, rows=[json_row(1, dict(notice.fields))], now=now)
    close_load(load=load, now=now)
    return landed


def _together(landed: Iterable[Landed]) -> Landed:
    counts, load = Counts(), None
    for each in landed:
        counts.add(each.counts)
        load = each.load_id
    return replace(Landed(counts), load_id=load)


def claim_rows(connection: Connection, limit: int, now: datetime) -> list[InboxMessage]:
    """Lease waiting messages; one whose worker died counts an attempt."""
    with transaction.atomic():
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
        due = InboxMessage.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            free, connection=connection, state=InboxState.WAITING, next_at__lte=now
        )
        rows = list(due.order_by("next_at", "received_at", "pk")[:limit])
        for row in rows:
            row.attempts += 1 if row.lease_until else 0
            row.token, row.lease_until = row.token + 1, now + LEASE
        InboxMessage.objects.bulk_update(rows, ("attempts", "token", "lease_until"))
    return rows


def save_rows(rows: Sequence[InboxMessage]) -> int:
    """Write rows whose lease still holds; return how many of them are settled."""
    settled = 0
    for row in sorted(rows, key=lambda row: row.pk):
        mine = InboxMessage.objects.filter(pk=row.pk, token=row.token, state=InboxState.WAITING)
        row.lease_until = None
        if mine.update(**{name: getattr(row, name) for name in CHANGING}):
            settled += row.state != InboxState.WAITING
    return settled


def put_off(
    rows: Sequence[InboxMessage],
    *,
    code: str,
    reason: str,
    after: float | None = None,
    by: str,
    now: datetime,
) -> int:
    """Put messages off, longer each time; three days after they came last, or were replayed, they are rejected.

    Returns how many are.
    """
    for row in rows:
        row.attempts = min(row.attempts + 1, 30_000)
        row.state, row.code, row.reason = InboxState.WAITING, code[:80], reason[:500]
        row.load_id, row.counts, row.settled_at, row.settled_by = None, {}, None, ""
        wait = retry_delay(failures=row.attempts, seed=row.pk, retry_after=after)
        row.next_at = now + wait
        if row.next_at - row.last_at > HORIZON:
            settle_row(row, InboxState.REJECTED, by=by, now=now, code="exhausted", reason=reason)
    return save_rows(rows)
