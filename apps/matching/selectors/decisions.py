"""Reads on what people decided."""

from collections.abc import Sequence
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.matching import storage
from apps.matching.models import Verdict


def kept_apart(*, record_ids: Sequence[UUID]) -> bool:
    """Tell whether a person decided that two members of these golden records are never one."""
    with raw_cursor() as cursor:
        members = list(storage.housemates_of(cursor, record_ids))
        return Verdict.NEVER in storage.decisions_among(cursor, members).values()


def records_kept_apart(*, record_ids: Sequence[UUID]) -> set[frozenset[UUID]]:
    """Return the pairs of these golden records of which a person decided that two members are never one."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT l.record_id, r.record_id FROM sources_crosswalk l"
            " JOIN matching_pairdecision d ON d.left_id = l.source_record_id AND d.withdrawn_at IS NULL"
            " AND d.verdict = 'never'"
            " JOIN sources_crosswalk r ON r.source_record_id = d.right_id"
            " WHERE l.record_id = ANY(%s) AND r.record_id = ANY(%s) AND l.record_id <> r.record_id",
            (list(record_ids), list(record_ids)),
        )
        return {frozenset(pair) for pair in cursor}
