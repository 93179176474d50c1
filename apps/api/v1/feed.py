"""The feed of changes: outbox events in an order that no late commit can break."""

from typing import Any
from uuid import UUID

import orjson

from apps.api.cursors import seal, unseal
from apps.api.masking import masked_document, personal_columns
from apps.core.bulk import raw_cursor
from apps.core.errors import HubError
from apps.core.json import dumps
from apps.golden.registry import entities

_BEGINNING = [0, str(UUID(int=0))]
# An event is told once every transaction as old as its own has ended: what commits later sorts behind the cursor.
_EVENTS = """
    SELECT o.tx, o.id, o.record_id, o.entity, o.seq, o.type, o.changed, o.actor, o.reason, o.correlation_id,
        o.created_at, o.payload::text
    FROM outbox_outboxevent o
    WHERE (o.tx, o.id) > (%s, %s) AND o.tx < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
        AND (%s::text IS NULL OR o.entity = %s)
    ORDER BY o.tx, o.id LIMIT %s
"""
_NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class CursorOutlived(HubError):
    code = "cursor_outlived_database"
    title = "This cursor is from another life of the database"
    status = 410


def changes_since(
    *, since: str | None, entity: str | None, limit: int, masked: bool
) -> tuple[list[str], str, bool]:
    """Return events as JSON texts, the cursor to ask with next time, and whether more wait already.

    Raises InvalidCursor, and CursorOutlived when the database was restored from a copy: read everything again then.
    """
    purpose = ["changes", entity]
    position = unseal(purpose, since) if since else _BEGINNING
    with raw_cursor() as cursor:
        cursor.execute(_EVENTS, (*position, entity, entity, limit + 1), prepare=True)
        rows = cursor.fetchall()
        if not rows and position != _BEGINNING:
            cursor.execute(_NEXT_TRANSACTION)
            [(newest,)] = cursor.fetchall()
            if position[0] >= newest:
                raise CursorOutlived("Read the changes again from the beginning, without a cursor.")
    page = rows[:limit]
    if page:
        position = [page[-1][0], str(page[-1][1])]
    return [_event(row, masked=masked) for row in page], seal(purpose, position), len(rows) > limit


def _event(row: tuple[Any, ...], *, masked: bool) -> str:
    _, event_id, record_id, entity, seq, kind, changed, actor, reason, correlation, at, payload = row
    head = dumps(
        {
            "id": event_id,
            "record_id": record_id,
            "entity": entity,
            "version": seq,
            "type": kind,
            "changed": changed,
            "actor": actor,
            "reason": reason,
            "correlation_id": correlation,
            "at": at,
        }
    ).decode()
    if masked and entity not in entities:
        payload = "{}"
    elif masked and personal_columns(spec := entities.get(entity)):
        payload = dumps(masked_document(spec, orjson.loads(payload))).decode()
    return f'{head[:-1]},"attributes":{payload}}}'
