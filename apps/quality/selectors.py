"""Reads of the quality app: standardized values, scorecards, reference data."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.golden.spec import Document
from apps.quality.codes.reading import (
    Suggestion,
    UnmappedValue,
    active_codes,
    lists_of_specs,
    unmapped_values,
)
from apps.quality.codes.translation import to_system
from apps.quality.contracts import IssueCount, ScoreBand, StoredRecord
from apps.quality.reference.countries import country_code, country_name
from apps.quality.reference.legal_forms import split_legal_form
from apps.quality.standardizers.web import is_generic, registrable

__all__ = [
    "Suggestion",
    "UnmappedValue",
    "active_codes",
    "country_code",
    "country_name",
    "is_generic",
    "issue_counts",
    "lists_of_specs",
    "registrable",
    "score_bands",
    "split_legal_form",
    "standardized_values",
    "stored_records",
    "to_system",
    "unmapped_values",
]


def standardized_values(*, ids: Iterable[UUID]) -> dict[UUID, Document]:
    """Return the standardized values of these source records, without those that are None."""
    return {
        key: {name: value for name, value in record.values.items() if value is not None}
        for key, record in stored_records(ids=ids).items()
    }


def stored_records(*, ids: Iterable[UUID]) -> dict[UUID, StoredRecord]:
    """Return standardized records as stored, by source record id, in one query."""
    wanted = list(ids)
    if not wanted:
        return {}
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT source_record_id, entity, values, issues, score, echoed, own_recency FROM quality_standardrecord"
            " WHERE source_record_id = ANY(%s)",
            (wanted,),
        )
        return {key: StoredRecord(*row) for key, *row in cursor}


_SCOPE = """
    FROM quality_standardrecord q JOIN sources_sourcerecord s ON s.id = q.source_record_id
    WHERE NOT s.deleted AND (%(system)s::text IS NULL OR s.system_id = %(system)s)
      AND (%(entity)s::text IS NULL OR q.entity = %(entity)s)
"""


def _scoped(select: str, system: str | None, entity: str | None, rest: str) -> list[tuple[Any, ...]]:
    with raw_cursor() as cursor:
        cursor.execute(select + _SCOPE + rest, {"system": system, "entity": entity})
        return cursor.fetchall()


def issue_counts(*, system: str | None = None, entity: str | None = None) -> list[IssueCount]:
    """Return how many live source records carry each issue, the most frequent first."""
    select = """
        SELECT system_id, entity, attribute, code, severity, count(DISTINCT source_record_id) AS records FROM (
        SELECT s.system_id, q.entity, q.source_record_id, i ->> 'code' AS code, i ->> 'severity' AS severity,
               regexp_replace(i ->> 'attribute', '\\[[0-9]+\\]', '', 'g') AS attribute
    """
    each = "CROSS JOIN LATERAL jsonb_array_elements(q.issues) AS i WHERE q.issues <> '[]' AND"
    lateral = _SCOPE.replace("WHERE", each)
    with raw_cursor() as cursor:
        cursor.execute(
            select + lateral + ") AS found GROUP BY 1, 2, 3, 4, 5 ORDER BY records DESC, 1, 2, 3, 4",
            {"system": system, "entity": entity},
        )
        return [IssueCount(*row) for row in cursor]


def score_bands(*, system: str | None = None, entity: str | None = None) -> list[ScoreBand]:
    """Return the distribution of scores of live source records in bands of ten, by system and entity."""
    rows = _scoped(
        "SELECT s.system_id, q.entity, q.score / 10 * 10 AS low, count(*)",
        system,
        entity,
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    return [ScoreBand(*row) for row in rows]
