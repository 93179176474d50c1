"""What cannot be computed but must hold: crosswalk, redirects, merges, typed rows and references fit together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Cursor, sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Difference

MOST = 1_000
"""Differences of one kind that are listed; the first ones show the cause of the rest."""


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that finds (record, code, place, as it should be, as it is), and what to do about it.

    `mended`: `--repair` corrects it, see `mend_structure`.
    """

    cause: str
    statement: sql.Composable
    remedy: str
    mended: bool = True


MERGED_HOME = "crosswalk: its golden record was merged away"
OTHER_KEY = "crosswalk: its key is not that of its source record"
HOMELESS = "crosswalk: a source record that waits for nothing has no golden record"
LONG_CHAIN = "redirect: it does not lead to a record with values"
VALUES_OF_MERGED = "typed row: a record that was merged away has values"
REFUSED_OF_MERGED = "refused reference: its record was merged away"

_CHECKS = (
    Check(
        MERGED_HOME,
        sql.SQL(
            "SELECT g.id, g.code, c.system_id || ':' || c.key, 'a member of the survivor', g.status FROM"
            " sources_crosswalk c"
            " JOIN golden_goldenrecord g ON g.id = c.record_id WHERE c.entity = %(entity)s AND g.status = 'merged'"
        ),
        "--repair moves it to the survivor",
    ),
    Check(
        "crosswalk: it is of another entity than its golden record",
        sql.SQL(
            "SELECT g.id, g.code, c.system_id || ':' || c.key, c.entity, g.entity FROM sources_crosswalk c"
            " JOIN golden_goldenrecord g ON g.id = c.record_id WHERE c.entity = %(entity)s AND g.entity <> c.entity"
        ),
        "delete the crosswalk row and send the source record again: matching finds its home anew",
        mended=False,
    ),
    Check(
        OTHER_KEY,
        sql.SQL(
            "SELECT g.id, g.code, c.system_id || ':' || c.key, s.system_id || ':' || s.key, c.system_id || ':' || c.key"
            " FROM sources_crosswalk c JOIN golden_goldenrecord g ON g.id = c.record_id"
            " JOIN sources_sourcerecord s ON s.id = c.source_record_id WHERE c.entity = %(entity)s"
            " AND (c.system_id, c.entity, c.key) <> (s.system_id, s.entity, s.key)"
        ),
        "--repair gives it the key of its source record",
    ),
    Check(
        HOMELESS,
        sql.SQL(
            "SELECT NULL::uuid, '', s.system_id || ':' || s.key, 'a golden record', 'none' FROM sources_sourcerecord s"
            " LEFT JOIN sources_crosswalk c ON c.source_record_id = s.id WHERE s.entity = %(entity)s AND s.complete"
            " AND NOT s.deleted AND s.pending_since IS NULL AND c.source_record_id IS NULL AND s.content_hash <> ''"
        ),
        "--repair lets it wait for the pipeline again",
    ),
    Check(
        "decision: two members were decided never to be one",
        sql.SQL(
            "SELECT g.id, g.code, d.left_id::text, 'apart', 'together' FROM matching_pairdecision d"
            " JOIN sources_crosswalk l ON l.source_record_id = d.left_id"
            " JOIN sources_crosswalk r ON r.source_record_id = d.right_id AND r.record_id = l.record_id"
            " JOIN golden_goldenrecord g ON g.id = l.record_id"
            " WHERE d.entity = %(entity)s AND d.verdict = 'never' AND d.withdrawn_at IS NULL"
        ),
        "a person must say: take one of them out of the record, or withdraw the decision",
        mended=False,
    ),
    Check(
        LONG_CHAIN,
        sql.SQL(
            "SELECT g.id, g.code, 'merged_into', 'a survivor', s.status FROM golden_goldenrecord g"
            " JOIN golden_goldenrecord s ON s.id = g.merged_into_id WHERE g.entity = %(entity)s AND s.status = 'merged'"
        ),
        "--repair lets it lead to the end of its chain",
    ),
    Check(
        "merge: it is open, but its loser is no redirect",
        sql.SQL(
            "SELECT g.id, g.code, m.id::text, 'merged', g.status FROM mastering_merge m"
            " JOIN golden_goldenrecord g ON g.id = m.loser_id"
            " WHERE m.entity = %(entity)s AND m.unmerged_at IS NULL AND g.status <> 'merged'"
        ),
        "restore the record or the merge from a backup: one of them was written past the hub",
        mended=False,
    ),
    Check(
        "redirect: no merge tells how it came about",
        sql.SQL(
            "SELECT g.id, g.code, 'merged_into', 'an open merge', 'none' FROM golden_goldenrecord g"
            " WHERE g.entity = %(entity)s AND g.status = 'merged' AND NOT EXISTS ("
            " SELECT 1 FROM mastering_merge m WHERE m.loser_id = g.id AND m.unmerged_at IS NULL)"
        ),
        "it cannot be undone as a merge: take its members out of the survivor by hand where it was wrong",
        mended=False,
    ),
    Check(
        REFUSED_OF_MERGED,
        sql.SQL(
            "SELECT g.id, g.code, r.attribute, 'none', r.target_id::text FROM mastering_refusedreference r"
            " JOIN golden_goldenrecord g ON g.id = r.record_id WHERE g.entity = %(entity)s AND g.status = 'merged'"
        ),
        "--repair forgets it",
    ),
)


def structural_differences(spec: EntitySpec) -> Iterator[Difference]:
    """Yield what does not fit together; a constant number of statements for an entity."""
    with raw_cursor() as cursor:
        for check in (*_CHECKS, *_checks_of(spec)):
            yield from _told(cursor, spec, check)


def _checks_of(spec: EntitySpec) -> Iterator[Check]:
    """Yield the checks on the entity's own tables."""
    typed = sql.Identifier(typed_model(spec)._meta.db_table)
    items = [sql.Identifier(item_model(collection)._meta.db_table) for collection in spec.collections]
    yield Check(
        "typed row: a record has none",
        sql.SQL(
            "SELECT g.id, g.code, '', 'a row', 'none' FROM golden_goldenrecord g LEFT JOIN {} t"
            " ON t.record_id = g.id WHERE g.entity = %(entity)s AND g.status <> 'merged' AND t.record_id IS NULL"
        ).format(typed),
        "--repair computes it where a live source record stands behind it; else restore its values from the history",
        mended=False,
    )
    for table in items:
        yield Check(
            "item: its record has no values",
            sql.SQL(
                "SELECT g.id, g.code, '', 'none', 'an item' FROM {items} i JOIN golden_goldenrecord g"
                " ON g.id = i.record_id LEFT JOIN {typed} t ON t.record_id = g.id"
                " WHERE g.entity = %(entity)s AND g.status <> 'merged' AND t.record_id IS NULL"
            ).format(items=table, typed=typed),
            "see the record without a typed row",
            mended=False,
        )
    for table in (typed, *items):
        yield Check(
            VALUES_OF_MERGED,
            sql.SQL(
                "SELECT g.id, g.code, '', 'none', 'a row' FROM {} t JOIN golden_goldenrecord g"
                " ON g.id = t.record_id WHERE g.entity = %(entity)s AND g.status = 'merged'"
            ).format(table),
            "--repair removes it; the history and the merge keep the values",
        )
    for place, rows, column in _references(spec):
        yield Check(
            "reference: it leads to a record that was merged away",
            sql.SQL(
                "SELECT g.id, g.code, {place}, m.merged_into_id::text, m.id::text FROM {table} t"
                " JOIN golden_goldenrecord m ON m.id = t.{column} AND m.status = 'merged'"
                " JOIN golden_goldenrecord g ON g.id = t.record_id WHERE g.entity = %(entity)s"
                " AND g.status <> 'merged'"
            ).format(place=sql.Literal(place), table=rows, column=column),
            "--repair computes the record again: it leads to the survivor",
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


def _told(cursor: Cursor[Any], spec: EntitySpec, check: Check) -> Iterator[Difference]:
    limited = sql.SQL("{} LIMIT {}").format(check.statement, sql.Literal(MOST))
    for record, code, place, computed, stored in cursor.execute(limited, {"entity": spec.name}).fetchall():
        yield Difference(
            spec.name, record, code, place, stored, computed, check.cause, check.remedy, mended=check.mended
        )
