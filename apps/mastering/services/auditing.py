"""What cannot be computed but must hold: crosswalk, redirects, typed rows and references fit together."""

from collections.abc import Iterator
from typing import Any

from psycopg import Cursor, sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Difference

MOST = 1_000
"""Differences of one kind that are listed; the first ones show the cause of the rest."""

_MEMBERS = {
    "crosswalk: its golden record was merged away": (
        "SELECT g.id, g.code, c.system_id || ':' || c.key, 'a member of the survivor', g.status FROM"
        " sources_crosswalk c"
        " JOIN golden_goldenrecord g ON g.id = c.record_id WHERE c.entity = %(entity)s AND g.status = 'merged'"
    ),
    "crosswalk: it is of another entity than its golden record": (
        "SELECT g.id, g.code, c.system_id || ':' || c.key, c.entity, g.entity FROM sources_crosswalk c"
        " JOIN golden_goldenrecord g ON g.id = c.record_id WHERE c.entity = %(entity)s AND g.entity <> c.entity"
    ),
    "crosswalk: its key is not that of its source record": (
        "SELECT g.id, g.code, c.system_id || ':' || c.key, s.system_id || ':' || s.key, c.system_id || ':' || c.key"
        " FROM sources_crosswalk c JOIN golden_goldenrecord g ON g.id = c.record_id"
        " JOIN sources_sourcerecord s ON s.id = c.source_record_id WHERE c.entity = %(entity)s"
        " AND (c.system_id, c.entity, c.key) <> (s.system_id, s.entity, s.key)"
    ),
    "crosswalk: a source record that waits for nothing has no golden record": (
        "SELECT NULL::uuid, '', s.system_id || ':' || s.key, 'a golden record', 'none' FROM sources_sourcerecord s"
        " LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id WHERE s.entity = %(entity)s AND s.complete"
        " AND NOT s.deleted AND s.pending_since IS NULL AND c.source_record_id IS NULL AND s.content_hash <> ''"
    ),
    "decision: two members were decided never to be one": (
        "SELECT g.id, g.code, d.left_id::text, 'apart', 'together' FROM matching_pairdecision d"
        " JOIN sources_crosswalk l ON l.source_record_id = d.left_id"
        " JOIN sources_crosswalk r ON r.source_record_id = d.right_id AND r.record_id = l.record_id"
        " JOIN golden_goldenrecord g ON g.id = l.record_id"
        " WHERE d.entity = %(entity)s AND d.verdict = 'never' AND d.withdrawn_at IS NULL"
    ),
    "redirect: it does not lead to a record with values": (
        "SELECT g.id, g.code, 'merged_into', 'a survivor', s.status FROM golden_goldenrecord g"
        " JOIN golden_goldenrecord s ON s.id = g.merged_into_id WHERE g.entity = %(entity)s AND s.status = 'merged'"
    ),
}


def structural_differences(spec: EntitySpec) -> Iterator[Difference]:
    """Yield what does not fit together; a constant number of statements for an entity."""
    with raw_cursor() as cursor:
        for cause, statement in _MEMBERS.items():
            yield from _told(cursor, spec, cause, sql.SQL(statement))
        typed = sql.Identifier(typed_model(spec)._meta.db_table)
        yield from _told(
            cursor,
            spec,
            "typed row: a record has none",
            sql.SQL(
                "SELECT g.id, g.code, '', 'a row', 'none' FROM golden_goldenrecord g LEFT JOIN {} t"
                " ON t.record_id = g.id WHERE g.entity = %(entity)s AND g.status <> 'merged' AND t.record_id IS NULL"
            ).format(typed),
        )
        tables: list[sql.Composable] = [
            typed,
            *(sql.Identifier(item_model(c)._meta.db_table) for c in spec.collections),
        ]
        for rows in tables:
            yield from _told(
                cursor,
                spec,
                "typed row: a record that was merged away has values",
                sql.SQL(
                    "SELECT g.id, g.code, '', 'none', 'a row' FROM {} t JOIN golden_goldenrecord g"
                    " ON g.id = t.record_id WHERE g.entity = %(entity)s AND g.status = 'merged'"
                ).format(rows),
            )
        for place, table, column in _references(spec):
            yield from _told(
                cursor,
                spec,
                "reference: it leads to a record that was merged away",
                sql.SQL(
                    "SELECT g.id, g.code, {place}, m.merged_into_id::text, m.id::text FROM {table} t"
                    " JOIN golden_goldenrecord m ON m.id = t.{column} AND m.status = 'merged'"
                    " JOIN golden_goldenrecord g ON g.id = t.record_id WHERE g.entity = %(entity)s"
                ).format(place=sql.Literal(place), table=table, column=column),
            )


def _references(spec: EntitySpec) -> Iterator[tuple[str, sql.Composable, sql.Composable]]:
    model = typed_model(spec)
    for attribute in spec.references():
        column = sql.Identifier(column_of(model, attribute.name))
        yield attribute.name, sql.Identifier(model._meta.db_table), column
    for collection, each in spec.item_references():
        items = item_model(collection)
        column = sql.Identifier(column_of(items, each.name))
        yield f"{collection.name}.{each.name}", sql.Identifier(items._meta.db_table), column


def _told(
    cursor: Cursor[Any], spec: EntitySpec, cause: str, statement: sql.Composable
) -> Iterator[Difference]:
    limited = sql.SQL("{} LIMIT {}").format(statement, sql.Literal(MOST))
    for record, code, place, computed, stored in cursor.execute(limited, {"entity": spec.name}).fetchall():
        yield Difference(spec.name, record, code, place, stored, computed, cause)
