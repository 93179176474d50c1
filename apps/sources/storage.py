"""The SQL of landing: a fixed number of statements per batch, whatever its size."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor, sql

from apps.audit.history import insert_with_history, write_history
from apps.core.bulk import as_json, copy_rows, raw_cursor, stage_rows, upsert_rows
from apps.core.ids import derived_uuid, uuid7
from apps.golden.registry import entity
from apps.sources.contracts import Problem, Row
from apps.sources.landing import Keyed, Landing, Stored, references_of
from apps.sources.models import Contribution, Load, Reference, RejectedRow, SourceRecord
from apps.sources.versions import recency_of


def lock_system(cursor: Cursor[Any], system: str) -> None:
    """Let one batch per system land at a time: a newer version must not be overtaken by an older one."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('landing'), hashtext(%s))", (system,))


def known_rows(cursor: Cursor[Any], hashes: Iterable[bytes]) -> dict[bytes, UUID]:
    """Return which records hold a row with one of these hashes, as the last that was landed of them."""
    given = "{" + ",".join([each.hex() for each in hashes if each]) + "}"
    cursor.execute(
        "SELECT s.raw_hash, s.id FROM unnest(%s::uuid[]) h CROSS JOIN LATERAL ("  # 16 bytes in the shortest array
        " SELECT raw_hash, id FROM sources_sourcerecord WHERE raw_hash = uuid_send(h) OFFSET 0) s",
        (given,),
    )
    return {bytes(row_hash): record for row_hash, record in cursor}


def load_stored(cursor: Cursor[Any], layout: str, keyed: Sequence[Keyed]) -> dict[UUID, Stored]:
    """Return what is stored of the batch's records; rows that are there already cost no transfer of values."""
    hashes = ((record, each.raw_hash) for each in keyed for _, key, record in each.keys if key)
    staged = stage_rows(cursor, SourceRecord._meta.db_table, ("id", "raw_hash"), hashes, name="landing_key")
    cursor.execute(
        f"""
        SELECT r.id, k.same, r.source_version, r.content_hash, r.complete, r.deleted,
               CASE WHEN NOT k.same THEN r.values END, CASE WHEN NOT k.same THEN r.item_versions END
        FROM sources_sourcerecord r
        JOIN (
            SELECT k.id, bool_and(coalesce(s.raw_hash = k.raw_hash, false) OR c.id IS NOT NULL) AS same
            FROM {staged.source} k
            JOIN sources_sourcerecord s ON s.id = k.id
            LEFT JOIN sources_contribution c
              ON c.source_record_id = k.id AND c.layout = %(layout)s AND c.raw_hash = k.raw_hash
            GROUP BY k.id
        ) k ON k.id = r.id
        """,
        {**(staged.given or {}), "layout": layout},
        prepare=staged.prepare,
    )
    return {
        record: Stored(bool(same), version, bytes(content), complete, deleted, values or {}, items or {})
        for record, same, version, content, complete, deleted, values, items in cursor
    }


_COLUMNS = (
    "id", "system_id", "entity", "key", "raw", "raw_hash", "values", "content_hash", "source_version", "layout",
    "layout_version", "complete", "deleted", "load_id", "row_number", "item_versions", "created_at", "changed_at",
    "pending_since",
)  # fmt: skip


def write_records(
    cursor: Cursor[Any], load: Load, landings: Sequence[Landing], old: Mapping[UUID, Stored], *, now: datetime
) -> list[UUID]:
    """Write source records, their contributions, references and history; return the ids whose content changed.

    Nobody else lands records of the system meanwhile: what is new is inserted without a look at what is there.
    """
    changed = [each for each in landings if each.is_new or each.content != old[each.id].content_hash]
    pending = {each.id for each in landings if each.complete and _counts_anew(each, old)}

    def row_of(each: Landing) -> tuple[object, ...]:
        return (
            each.id, each.system, each.entity, each.key,
            as_json(each.row.data) if each.keeps_raw else None, each.raw_hash if each.keeps_raw else None,
            as_json(each.values), each.content, each.source_version, load.layout, load.layout_version,
            each.complete, each.deleted, load.id, each.row.number, as_json(each.item_versions), now, now,
            now if each.id in pending else None,
        )  # fmt: skip

    new = [row_of(each) for each in landings if each.is_new]
    insert_with_history(cursor, SourceRecord, _COLUMNS, new, now=now)
    known = [each for each in landings if not each.is_new]
    if known:
        _update_records(cursor, map(row_of, known))
        write_history(cursor, SourceRecord, [each.id for each in known], kind="~", now=now)
    _write_contributions(cursor, load, landings)
    _write_references(cursor, changed)
    return [each.id for each in changed]


def _counts_anew(landing: Landing, old: Mapping[UUID, Stored]) -> bool:
    """Tell whether golden records may differ: by what is told, or because the same is told more recently."""
    before = old.get(landing.id)
    if before is None or landing.content != before.content_hash:
        return True
    return recency_of(landing.source_version) != recency_of(before.source_version)


def _update_records(cursor: Cursor[Any], rows: Iterable[Sequence[object]]) -> None:
    """Update in the order of ids; raw stays where a contribution brings none, pending stays once set."""
    staged = stage_rows(cursor, SourceRecord._meta.db_table, _COLUMNS, rows)
    names = sql.SQL(", ").join(map(sql.Identifier, _COLUMNS))
    kept = {
        "id",
        "system_id",
        "entity",
        "key",
        "created_at",
        "raw",
        "raw_hash",
        "pending_since",
        "changed_at",
    }
    sets = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(c)) for c in _COLUMNS if c not in kept
    )
    cursor.execute(
        sql.SQL(
            "INSERT INTO sources_sourcerecord AS t ({names}) SELECT {names} FROM {stage} r ORDER BY id"
            " ON CONFLICT (id) DO UPDATE SET {sets},"
            " raw = coalesce(excluded.raw, t.raw), raw_hash = coalesce(excluded.raw_hash, t.raw_hash),"
            " changed_at = CASE WHEN t.content_hash = excluded.content_hash THEN t.changed_at"
            " ELSE excluded.changed_at END,"
            " pending_since = coalesce(t.pending_since, excluded.pending_since)"
        ).format(names=names, stage=sql.SQL(staged.source), sets=sets),
        staged.given,
        prepare=staged.prepare,
    )


def _write_contributions(cursor: Cursor[Any], load: Load, landings: Iterable[Landing]) -> None:
    rows = [
        (
            derived_uuid("contribution", each.id, load.layout, row_key), each.id, load.layout, row_key,
            as_json(dict(row.data)), raw_hash, load.id, row.number,
        )
        for each in landings
        for row_key, (row, raw_hash) in each.contributions.items()
    ]  # fmt: skip
    if rows:
        columns = ("id", "source_record_id", "layout", "row_key", "raw", "raw_hash", "load_id", "row_number")
        upsert_rows(cursor, Contribution._meta.db_table, columns, rows, key=("id",))


def _write_references(cursor: Cursor[Any], changed: Sequence[Landing]) -> None:
    known = [each.id for each in changed if not each.is_new]
    if known:
        cursor.execute("DELETE FROM sources_reference WHERE source_record_id = ANY(%s)", (known,))
    rows = {
        (each.id, *reference)
        for each in changed
        for reference in references_of(entity(each.entity), each.values)
    }
    columns = ("source_record_id", "path", "target_system", "target_entity", "target_key")
    copy_rows(cursor, Reference._meta.db_table, columns, sorted(rows))


def write_rejected(load: Load, rejected: Sequence[tuple[Row, Problem]], *, now: datetime) -> None:
    """Keep rows that cannot be landed, whole, with the reason."""
    if not rejected:
        return
    rows = (
        (
            uuid7(), load.id, row.number, problem.column[:200], problem.code, problem.reason,
            as_json(dict(row.data)), None, RejectedRow.Status.OPEN, now, None, "",
        )
        for row, problem in rejected
    )  # fmt: skip
    columns = (
        "id", "load_id", "row_number", "column", "code", "reason", "raw", "corrected", "status", "created_at",
        "resolved_at", "resolved_by",
    )  # fmt: skip
    with raw_cursor() as cursor:
        copy_rows(cursor, RejectedRow._meta.db_table, columns, rows)
