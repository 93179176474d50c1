"""Search in a list: codes, source keys and lookup values by their indexes first, else words of the title."""

from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import EntitySpec
from apps.quality.services import standardize_records

Condition = tuple[sql.Composable, list[Any]]
MOST_WORDS = 6
MOST_EXACT = 200


def search_condition(spec: EntitySpec, q: str, *, clear: bool) -> Condition:
    """Return the condition over alias `g` (header) that a search box's text stands for.

    An identifier (golden id, code, source key, any lookup value as typed or in standard form) finds its records by
    index; any other text finds titles that contain all its words. Without `clear` personal attributes find nothing.
    """
    text = q.strip()
    if found := _exact(spec, text, clear=clear):
        return sql.SQL("g.id = ANY(%s)"), [found]
    title = spec.attribute(spec.title_attribute)
    words = text.split()[:MOST_WORDS]
    if not words or (title.personal and not clear):
        return sql.SQL("false"), []
    contains = sql.SQL(" AND ").join([sql.SQL("g.title ILIKE %s")] * len(words))
    return sql.SQL("({})").format(contains), [f"%{_escaped(word)}%" for word in words]


def _exact(spec: EntitySpec, text: str, *, clear: bool) -> list[UUID]:
    parts: list[Condition] = [
        (
            sql.SQL("SELECT id FROM golden_goldenrecord WHERE entity = %s AND code = %s"),
            [spec.name, text.upper()],
        ),
        (
            sql.SQL(
                "SELECT c.record_id FROM sources_sourcesystem y JOIN sources_crosswalk c"
                " ON c.system_id = y.code AND c.entity = %s AND c.key = %s"
            ),
            [spec.name, text],
        ),
        *_lookups(spec, text, clear=clear),
    ]
    if record_id := _uuid(text):
        parts = [(sql.SQL("SELECT id FROM golden_goldenrecord WHERE id = %s"), [record_id])]
    statement = sql.SQL("SELECT DISTINCT x.* FROM ({}) x LIMIT {}").format(
        sql.SQL(" UNION ALL ").join([each for each, _ in parts]), sql.Literal(MOST_EXACT)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _, values in parts for value in values])
        return [record for (record,) in cursor.fetchall()]


def _lookups(spec: EntitySpec, text: str, *, clear: bool) -> list[Condition]:
    """Return one select per lookup of the spec, for the text as typed and in standard form."""
    found: list[Condition] = []
    for path in spec.lookups:
        name, _, column = path.partition(".")
        attribute = spec.collection(name).column(column) if column else spec.attribute(name)
        if attribute.personal and not clear:
            continue
        [standard] = standardize_records(spec=spec, records=[{name: [{column: text}] if column else text}])
        value = standard.values.get(name)
        if column:
            value = value[0].get(column) if value else None
        model = item_model(spec.collection(name)) if column else typed_model(spec)
        select = sql.SQL("SELECT record_id FROM {} WHERE {} = ANY(%s)").format(
            sql.Identifier(model._meta.db_table), sql.Identifier(column_of(model, column or name))
        )
        found.append((select, [sorted({text, str(value)} if value is not None else {text})]))
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
