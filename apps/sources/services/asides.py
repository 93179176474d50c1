"""Keep values of landed records aside that a rule refuses; the rest of the record is in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.audit.context import current
from apps.core.bulk import raw_cursor
from apps.core.ids import uuid7


@dataclass(frozen=True, slots=True)
class ValueAside:
    """One value of a landed record that is not used, and why."""

    source_record_id: UUID
    column: str
    reason: str


def set_values_aside(
    *, code: str, considered: Sequence[UUID], asides: Sequence[ValueAside], now: datetime
) -> int:
    """Make `asides` all that is open under a code for the considered source records; two statements.

    A value that is refused already, or was dismissed, in the same load makes no second rejected row; what is refused
    no more is closed as replayed. Returns how many rejected rows are new.
    """
    with raw_cursor() as cursor:
        cursor.execute(
            """
            UPDATE sources_rejectedrow r SET status = 'replayed', resolved_at = %s, resolved_by = %s
            WHERE r.code = %s AND r.status = 'open' AND r.source_record_id = ANY(%s) AND NOT EXISTS (
                SELECT 1 FROM unnest(%s::uuid[], %s::text[]) AS a(record, col)
                WHERE a.record = r.source_record_id AND a.col = r.column)
            """,
            (
                now,
                current().actor.name,
                code,
                list(considered),
                [each.source_record_id for each in asides],
                [each.column for each in asides],
            ),
        )
        if not asides:
            return 0
        cursor.execute(
            """
            INSERT INTO sources_rejectedrow
                (id, load_id, row_number, "column", code, reason, raw, source_record_id, status, created_at,
                resolved_by)
            SELECT a.id, s.load_id, coalesce(s.row_number, 0), a.col, %s, a.reason, coalesce(s.raw, s.values), s.id,
                'open', %s, ''
            FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[]) AS a(id, record, col, reason)
            JOIN sources_sourcerecord s ON s.id = a.record
            WHERE s.load_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM sources_rejectedrow r
                WHERE r.source_record_id = s.id AND r.column = a.col AND r.code = %s AND r.load_id = s.load_id
                  AND r.status <> 'replayed')
            """,
            (
                code,
                now,
                [uuid7() for _ in asides],
                [each.source_record_id for each in asides],
                [each.column for each in asides],
                [each.reason for each in asides],
                code,
            ),
        )
        return cursor.rowcount
