"""Correct the crosswalk where it does not fit the source records, set-based."""

from datetime import datetime

from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.sources.models import Crosswalk


def correct_keys(*, entity: str, now: datetime) -> int:
    """Give each crosswalk row the system and key of its source record; return how many had others."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE sources_crosswalk c SET system_id = s.system_id, key = s.key FROM sources_sourcerecord s"
            " WHERE s.id = c.source_record_id AND c.entity = %s AND s.entity = c.entity"
            " AND (c.system_id, c.key) <> (s.system_id, s.key) RETURNING c.source_record_id",
            (entity,),
        )
        corrected = [source for (source,) in cursor.fetchall()]
        write_history(cursor, Crosswalk, corrected, kind="~", now=now)
    return len(corrected)


def let_homeless_wait(*, entity: str, now: datetime) -> int:
    """Let source records wait for the pipeline that have no golden record; return how many."""
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE sources_sourcerecord s SET pending_since = %s WHERE s.entity = %s AND s.complete AND NOT s.deleted"
            " AND s.pending_since IS NULL AND s.content_hash <> '' AND NOT EXISTS ("
            " SELECT 1 FROM sources_crosswalk c WHERE c.source_record_id = s.id)",
            (now, entity),
        )
        return cursor.rowcount
