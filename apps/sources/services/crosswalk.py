"""The crosswalk: which golden record each source record belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.audit.history import write_history
from apps.core.bulk import raw_cursor, stage_rows
from apps.sources.models import Crosswalk


@dataclass(frozen=True, slots=True)
class Membership:
    """A source record belongs to a golden record, by this method."""

    source_record_id: UUID
    record_id: UUID
    method: str


def assign_crosswalk(*, memberships: Sequence[Membership], now: datetime) -> list[UUID]:
    """Write new or moved memberships with their history; return the source records whose membership changed."""
    if not memberships:
        return []
    with raw_cursor() as cursor:
        rows = ((each.source_record_id, each.record_id, each.method) for each in memberships)
        columns = ("source_record_id", "record_id", "method")
        staged = stage_rows(cursor, Crosswalk._meta.db_table, columns, rows)
        cursor.execute(
            f"""
            INSERT INTO sources_crosswalk AS t
                (source_record_id, record_id, method, system_id, entity, key, assigned_at)
            SELECT m.source_record_id, m.record_id, m.method, s.system_id, s.entity, s.key, %(now)s
            FROM {staged.source} m JOIN sources_sourcerecord s ON s.id = m.source_record_id
            ORDER BY m.source_record_id
            ON CONFLICT (source_record_id) DO UPDATE SET
                record_id = excluded.record_id, method = excluded.method, assigned_at = excluded.assigned_at
            WHERE t.record_id <> excluded.record_id
            RETURNING t.source_record_id, (t.xmax = 0)
            """,
            {**(staged.given or {}), "now": now},
            prepare=staged.prepare,
        )
        written = cursor.fetchall()
        write_history(cursor, Crosswalk, [key for key, inserted in written if inserted], kind="+", now=now)
        write_history(
            cursor, Crosswalk, [key for key, inserted in written if not inserted], kind="~", now=now
        )
    return [key for key, _ in written]
