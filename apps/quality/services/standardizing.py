"""Standardize source records, assess golden documents, store what standardizing found."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.bulk import as_json, raw_cursor, stage_rows
from apps.golden.spec import EntitySpec
from apps.quality.codes.translation import Codes, checked, from_system
from apps.quality.compiled import compiled
from apps.quality.contracts import NOWHERE, Near, StandardizedRecord
from apps.quality.models import StandardRecord
from apps.quality.record import rule_issues, score_of, standardize

NO_CODES: Codes = {}
_COLUMNS = ("source_record_id", "entity", "values", "issues", "score", "standardized_at")


def standardize_records(
    *,
    spec: EntitySpec,
    records: Sequence[Mapping[str, Any]],
    near: Near = NOWHERE,
    keys: Sequence[tuple[str, str]] | None = None,
    codes: Codes = NO_CODES,
) -> list[StandardizedRecord]:
    """Return the canonical form of mapped source records, in their order. Pure: no database, no clock.

    near: what the file's layout says of dates and decimals, and the country of records that name none.
    keys: system and key of each record, to find references of a record to itself. codes: reference data, with
    what systems call them; needs keys. Never raises on values.
    """
    ready = compiled(spec)
    if keys is None:
        return [standardize(ready, record, near) for record in records]
    found = []
    for record, key in zip(records, keys, strict=True):
        given = from_system(codes, spec, key[0], record)
        standard = standardize(ready, given, near, key)
        found.append(checked(codes, spec, given, standard) if codes else standard)
    return found


def assess_document(
    *, spec: EntitySpec, document: Mapping[str, Any], record_id: UUID | None = None
) -> StandardizedRecord:
    """Return what the rules find in a golden document, at their full severity, and its score.

    The document's values are taken as they are: golden values are standardized already.
    """
    values = dict(document) if record_id is None else {**document, "id": str(record_id)}
    issues = tuple(rule_issues(compiled(spec), values, at_source=False))
    return StandardizedRecord(dict(document), issues, score_of(issues))


def mark_echoes(*, marks: Mapping[UUID, tuple[Mapping[str, Any], float | None]]) -> None:
    """Keep what source records only repeat of what the hub wrote: by record, the values and the recency of its own.

    In the caller's transaction, one statement.
    """
    if not marks:
        return
    rows = [{"id": key, "echoed": echoed, "own": own} for key, (echoed, own) in marks.items()]
    with raw_cursor() as cursor:
        cursor.execute(
            "UPDATE quality_standardrecord q SET echoed = n.echoed, own_recency = n.own"
            " FROM jsonb_to_recordset(%s) AS n(id uuid, echoed jsonb, own double precision)"
            " WHERE q.source_record_id = n.id"
            " AND (q.echoed, q.own_recency) IS DISTINCT FROM (n.echoed, n.own)",
            (as_json(rows),),
        )


def store_standardized(
    *, entity: str, records: Iterable[tuple[UUID, StandardizedRecord]], now: datetime
) -> set[UUID]:
    """Store standardized records by source record id; return the ids of the rows that were written.

    Equal rows are left alone. A constant number of statements; runs in the caller's transaction.
    """
    rows = (
        (key, entity, as_json(record.values), as_json(record.issues_as_dicts()), record.score, now)
        for key, record in records
    )
    table = StandardRecord._meta.db_table
    with raw_cursor() as cursor:
        staged = stage_rows(cursor, table, _COLUMNS, rows)
        cursor.execute(
            f"""
            INSERT INTO {table} AS t (source_record_id, entity, values, issues, score, standardized_at)
            SELECT source_record_id, entity, values, issues, score, standardized_at
            FROM {staged.source} r ORDER BY source_record_id
            ON CONFLICT (source_record_id) DO UPDATE SET
                entity = excluded.entity, values = excluded.values, issues = excluded.issues,
                score = excluded.score, standardized_at = excluded.standardized_at
            WHERE (t.entity, t.values, t.issues, t.score)
                IS DISTINCT FROM (excluded.entity, excluded.values, excluded.issues, excluded.score)
            RETURNING t.source_record_id
            """,
            staged.given,
            prepare=staged.prepare,
        )
        return {record for (record,) in cursor}
