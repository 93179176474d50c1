"""Append events in the caller's transaction and tell subscribers there and then."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from apps.audit.context import current
from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.core.errors import HubError
from apps.core.ids import uuid7
from apps.core.registry import Registry
from apps.outbox.contracts import Appended, NewEvent
from apps.outbox.models import OutboxEvent

Subscriber = Callable[[Appended], None]
subscribers: Registry[Subscriber] = Registry("outbox subscriber")
"""Called inside the writer's transaction: they may write rows, never call a network."""


class NoTransaction(HubError):
    code = "outbox_outside_transaction"
    title = "Events are appended only together with the change they tell of"
    status = 500


def append_events(*, events: Sequence[NewEvent], now: datetime) -> None:
    """Write events in the running transaction and call every subscriber with them.

    Raises NoTransaction outside a transaction: such an event could tell of a change that was rolled back.
    """
    if not transaction.get_connection().in_atomic_block:
        raise NoTransaction("Open transaction.atomic() around the change and its events.")
    if not events:
        return
    block = current()
    with raw_cursor() as cursor:
        copy_rows(
            cursor,
            OutboxEvent._meta.db_table,
            (
                "id",
                "record_id",
                "entity",
                "seq",
                "type",
                "changed",
                "payload",
                "actor",
                "reason",
                "correlation_id",
                "created_at",
            ),
            (
                (
                    uuid7(),
                    event.record_id,
                    event.entity,
                    event.seq,
                    event.type,
                    as_json(list(event.changed)),
                    as_json(event.payload),
                    block.actor.name,
                    block.reason,
                    block.correlation_id,
                    now,
                )
                for event in events
            ),
        )
    appended = Appended(events=tuple(events), at=now)
    for subscriber in subscribers.values():
        subscriber(appended)
