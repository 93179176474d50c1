"""Pending source records: the durable list of what has not reached its golden record yet.

A worker that dies leaves its records pending; the next one takes them. No message is needed for that.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.bulk import raw_cursor
from apps.sources.contracts import PendingRecord
from apps.sources.models import RejectedRow, SourceRecord


def claim_pending(*, entity: str, limit: int) -> list[PendingRecord]:
    """Lock up to `limit` pending records of an entity for the running transaction, the oldest first."""
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, s.system_id, s.entity, s.key, s.values, s.deleted, c.record_id, s.load_id
            FROM sources_sourcerecord s LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id
            WHERE s.entity = %s AND s.pending_since IS NOT NULL
            ORDER BY s.pending_since, s.id LIMIT %s FOR NO KEY UPDATE OF s SKIP LOCKED
            """,
            (entity, limit),
        )
        return [PendingRecord(*row) for row in cursor]


def finish_pending(*, ids: Sequence[UUID]) -> None:
    """Say that these records reached their golden record, in the transaction that made it so."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE sources_sourcerecord SET pending_since = NULL WHERE id = ANY(%s)", (list(ids),)
        )


def mark_members_pending(*, record_ids: Sequence[UUID], now: datetime) -> int:
    """Have the golden records of these ids computed again; return how many source records are concerned."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE sources_sourcerecord s SET pending_since = %s FROM sources_crosswalk c"
            " WHERE c.source_record_id = s.id AND c.record_id = ANY(%s) AND s.pending_since IS NULL",
            (now, list(record_ids)),
        )
        return cursor.rowcount


def mark_entity_pending(*, entity: str, now: datetime) -> int:
    """Have every golden record of an entity computed again, as after a change of rules; return the source records."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE sources_sourcerecord SET pending_since = %s"
            " WHERE entity = %s AND pending_since IS NULL AND complete",
            (now, entity),
        )
        return cursor.rowcount


def mark_referrers_pending(*, source_record_ids: Sequence[UUID], now: datetime) -> int:
    """Have every record computed again that refers to one of these, whose crosswalk is new or moved."""
    with raw_cursor() as cursor:  # step by step from the given ids on, like `golden_referrers`
        cursor.execute(
            """
            WITH named AS MATERIALIZED (
                SELECT system_id, entity, key FROM sources_sourcerecord WHERE id = ANY(%s)
            ), referring AS MATERIALIZED (
                SELECT DISTINCT r.source_record_id FROM named t CROSS JOIN LATERAL (
                    SELECT source_record_id FROM sources_reference WHERE target_system = t.system_id
                    AND target_entity = t.entity AND target_key = t.key OFFSET 0
                ) r
            )
            UPDATE sources_sourcerecord s SET pending_since = %s FROM referring r
            WHERE s.id = r.source_record_id AND s.pending_since IS NULL AND s.complete
            """,
            (list(source_record_ids), now),
        )
        return cursor.rowcount


@transaction.atomic
def quarantine_pending(*, source_record_id: UUID, reason: str, now: datetime) -> bool:
    """Take a record out of the pipeline that it cannot digest, and keep it as a rejected row with the reason.

    Its hashes are forgotten, so that the same row is tried again when it is replayed or sent again. Returns False
    when the record waits no more, or another worker has it.
    """
    waiting = SourceRecord.objects.filter(pk=source_record_id, pending_since__isnull=False)
    record = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if record is None:
        return False
    if record.load is not None:
        RejectedRow.objects.create(
            load=record.load,
            row_number=record.row_number or 0,
            code="pipeline_failed",
            reason=reason,
            raw=record.raw or record.values,
            created_at=now,
        )
    waiting.update(pending_since=None, raw_hash=None, content_hash=b"")
    return True
