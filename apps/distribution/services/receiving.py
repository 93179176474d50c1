"""Take what systems send by themselves: verify, keep each message once, land it or have it fetched; replay, dismiss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.audit.context import Actor, acting
from apps.audit.services import record_deed
from apps.connectors.contracts import Connector, Message, Posted
from apps.connectors.models import Connection
from apps.connectors.selectors import connector_for
from apps.core.errors import Conflict, HubError, NotFound
from apps.core.hashing import content_hash
from apps.core.ids import uuid7
from apps.distribution.hints import kick_inbox, kick_pipeline, notify_inbox
from apps.distribution.inbox import CHANGING, land_at_once, read_row, settle_row
from apps.distribution.models import InboxMessage, InboxState, RefusedWebhooks

KEPT = timedelta(days=30)
"""Settled messages are forgotten after this; a repetition later than that would count as new."""
REPLAYABLE = (InboxState.REJECTED, InboxState.IGNORED)


class SendsNone(NotFound):
    code = "no_webhooks"
    title = "No system of this name sends webhooks here; changes are pulled"


class SwitchedOff(HubError):
    code = "connection_switched_off"
    title = "The hub takes nothing from this system any more"
    status = 410


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one message: an `InboxState` value; `repeated`: it was here already; `conflicting`: something
    else was here under its id, and stays."""

    message_id: str
    state: str
    repeated: bool = False
    conflicting: bool = False


def take_webhook(*, system: str, posted: Posted, now: datetime) -> list[Taken]:
    """Keep the messages of a request, and land those that carry their record, all in one transaction.

    Others wait for a worker to fetch what they name. Raises SendsNone, WebhookRefused, SwitchedOff.
    """
    connection = Connection.objects.filter(code=system).first()
    connector = connector_for(connection) if connection else None
    if connection is None or connector is None or not connector.caps.webhooks_by:
        raise SendsNone
    messages = connector.verify_webhook(posted, now)
    if not connection.enabled:
        raise SwitchedOff
    actor = Actor(name=f"webhook of {connection.code}"[:150])
    with acting(actor, reason="webhook", correlation_id=uuid7()), transaction.atomic():
        return _keep(connection, connector, messages, actor, now)


def note_refused_webhook(*, system: str, reason: str, now: datetime) -> None:
    """Count a request that proved nothing, for administrators to see; callers limit how often strangers come here."""
    with transaction.atomic():
        connection = Connection.objects.get(code=system)
        row, made = RefusedWebhooks.objects.get_or_create(
            connection=connection, defaults={"count": 1, "last_at": now, "reason": reason[:300]}
        )
        if not made:
            RefusedWebhooks.objects.filter(pk=row.pk).update(
                count=F("count") + 1, last_at=now, reason=reason[:300]
            )


def _keep(
    connection: Connection, connector: Connector, messages: Sequence[Message], actor: Actor, now: datetime
) -> list[Taken]:
    rows = {
        each.message_id: InboxMessage(
            connection=connection, message_id=each.message_id, content=each.content,
            content_hash=content_hash(each.content), received_at=now, last_at=now, next_at=now,
        )
        for each in sorted(messages, key=lambda each: each.message_id)
    }  # fmt: skip
    InboxMessage.objects.bulk_create(rows.values(), ignore_conflicts=True)
    stored = InboxMessage.objects.select_for_update(of=("self",)).filter(
        connection=connection, message_id__in=list(rows)
    )
    taken = [
        _take_new(connection, connector, row, actor, now)
        if row.pk == rows[row.message_id].pk
        else _take_again(row, rows[row.message_id], now)
        for row in stored.order_by("message_id")
    ]
    _wake(connection, taken)
    return taken


def _take_new(
    connection: Connection, connector: Connector, row: InboxMessage, actor: Actor, now: datetime
) -> Taken:
    notices = read_row(connector, row, by=actor.name, now=now)
    if notices and all(notice.layout for notice in notices):
        land_at_once(connection, row, notices, by=actor.name, now=now)
    row.save(update_fields=CHANGING)
    return Taken(row.message_id, row.state)


def _take_again(stored: InboxMessage, new: InboxMessage, now: datetime) -> Taken:
    same = bytes(stored.content_hash) == new.content_hash
    counted = "repeats" if same else "conflicts"
    InboxMessage.objects.filter(pk=stored.pk).update(**{counted: F(counted) + 1}, last_at=now)
    return Taken(stored.message_id, stored.state, repeated=same, conflicting=not same)


def _wake(connection: Connection, taken: Sequence[Taken]) -> None:
    states = {each.state for each in taken if not each.repeated and not each.conflicting}
    code = connection.code
    if InboxState.WAITING in states:
        notify_inbox()
        transaction.on_commit(lambda: kick_inbox([code]), robust=True)
    if InboxState.LANDED in states:
        transaction.on_commit(kick_pipeline, robust=True)


def _locked(messages: Sequence[UUID], *states: InboxState) -> list[InboxMessage]:
    rows = InboxMessage.objects.select_for_update(of=("self",)).select_related("connection")
    found = list(rows.filter(pk__in=messages).order_by("pk"))
    if len(found) != len(set(messages)) or any(row.state not in states for row in found):
        raise Conflict("Somebody has dealt with one of these messages already; reload the list.")
    return found


def replay_messages(
    *,
    messages: Sequence[UUID],
    actor: Actor,
    reason: str,
    now: datetime,
    corrected: Mapping[UUID, Any] | None = None,
) -> list[Taken]:
    """Take rejected or ignored messages as if they came now, as corrected where a correction is given.

    Raises Conflict when one was dealt with meanwhile.
    """
    with acting(actor, reason=reason), transaction.atomic():
        taken: list[Taken] = []
        for row in _locked(messages, *REPLAYABLE):
            if corrected and row.pk in corrected:
                row.corrected = corrected[row.pk]
            row.state, row.code, row.reason, row.next_at = InboxState.WAITING, "", "", now
            row.attempts = row.looks = 0
            row.settled_at, row.settled_by = None, ""
            row.last_at = now
            taken.append(_take_new(row.connection, connector_for(row.connection), row, actor, now))
            row.save(update_fields=("last_at",))
            _wake(row.connection, taken[-1:])
            record_deed(
                verb="inbox.replayed", now=now, subject=f"{row.connection.code} {row.message_id}", reason=reason,
                detail={"state": row.state, "corrected": bool(corrected and row.pk in corrected)},
            )  # fmt: skip
    return taken


def dismiss_messages(*, messages: Sequence[UUID], actor: Actor, reason: str, now: datetime) -> None:
    """Take rejected or ignored messages off the list; they stay readable. Raises Conflict."""
    with acting(actor, reason=reason), transaction.atomic():
        for row in _locked(messages, *REPLAYABLE):
            settle_row(row, InboxState.DISMISSED, by=actor.name, now=now, code=row.code, reason=row.reason)
            row.save(update_fields=CHANGING)
            record_deed(
                verb="inbox.dismissed",
                now=now,
                subject=f"{row.connection.code} {row.message_id}",
                reason=reason,
            )


def prune_inbox(*, now: datetime) -> int:
    """Forget messages that were settled long ago, rejected ones aside; return how many."""
    done = (InboxState.LANDED, InboxState.IGNORED, InboxState.DISMISSED)
    old = InboxMessage.objects.filter(state__in=done, last_at__lt=now - KEPT)
    number, _ = old.delete()
    return number
