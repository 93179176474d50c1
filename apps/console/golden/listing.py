"""Reads for lists of golden records: keyset pages, search by index first, estimates instead of counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from apps.console.golden.searching import Condition, search_condition
from apps.console.masking import Sight
from apps.console.values import Named, Shown, names_of, show
from apps.golden.documents import column_of, typed_model
from apps.golden.spec import Attribute, EntitySpec, Kind

PAGE = 50
COUNTED = 1_000
"""Up to here matches are counted exactly; beyond, the planner's estimate is shown."""

KEY_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shall show. `after` and `before` are (updated_at, id) of the neighbouring page's edge."""

    q: str = ""
    record_status: str = "live"
    system: str = ""
    quality_below: int | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    after: tuple[datetime, UUID] | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True)
class ListedRecord:
    """One line of a list."""

    id: UUID
    code: str
    title: str
    record_status: str
    state: str
    quality: int
    updated_at: datetime
    cells: tuple[Shown, ...]
    members: int
    systems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, newest change first, and whether there are more on either side."""

    records: list[ListedRecord]
    has_next: bool
    has_previous: bool


@lru_cache(maxsize=64)
def key_attributes(spec: EntitySpec) -> tuple[Attribute, ...]:
    """Return the attributes lists show besides title and state: what records are looked up and filtered by."""
    known = {each.name: each for each in spec.attributes}
    named = [known[path] for path in spec.lookups if path in known][:1]
    named += [known[name] for name in spec.filters if name in known]
    unique = dict.fromkeys(each for each in named if each.name not in ("status", spec.title_attribute))
    return tuple(unique)[:KEY_COLUMNS]


def conditions_of(spec: EntitySpec, wanted: Wanted, sight: Sight) -> list[Condition]:
    found: list[Condition] = [(sql.SQL("g.entity = %s"), [spec.name])]
    if wanted.record_status:
        found.append((sql.SQL("g.status = %s"), [wanted.record_status]))
    if wanted.quality_below is not None:
        found.append((sql.SQL("g.quality < %s"), [wanted.quality_below]))
    if wanted.system:
        found.append(
            (
                sql.SQL(
                    "EXISTS (SELECT 1 FROM sources_crosswalk c WHERE c.record_id = g.id AND c.system_id = %s)"
                ),
                [wanted.system],
            )
        )
    model = typed_model(spec)
    for name, value in wanted.attributes.items():
        text = sql.SQL("{}::text = %s").format(sql.Identifier("t", column_of(model, name)))
        plain = sql.SQL("{} = %s").format(sql.Identifier("t", column_of(model, name)))
        kind = spec.attribute(name).kind
        found.append((plain if kind in (Kind.TEXT, Kind.CHOICE) else text, [value]))
    if wanted.q:
        found.append(search_condition(spec, wanted.q, clear=sight.clear))
    return found


def _from(spec: EntitySpec, conditions: Sequence[Condition]) -> tuple[sql.Composable, list[Any]]:
    clause = sql.SQL(" FROM golden_goldenrecord g JOIN {} t ON t.record_id = g.id WHERE {}").format(
        sql.Identifier(typed_model(spec)._meta.db_table),
        sql.SQL(" AND ").join([each for each, _ in conditions]),
    )
    return clause, [value for _, values in conditions for value in values]


def page_of(spec: EntitySpec, wanted: Wanted, sight: Sight) -> Page:
    """Return one page in a constant number of statements, whatever the number of records."""
    conditions = conditions_of(spec, wanted, sight)
    backwards = wanted.before is not None
    edge = wanted.before or wanted.after
    if edge:
        sign = sql.SQL(">" if backwards else "<")
        conditions.append((sql.SQL("(g.updated_at, g.id) {} (%s, %s)").format(sign), list(edge)))
    order = "g.updated_at, g.id" if backwards else "g.updated_at DESC, g.id DESC"
    records = listed_records(spec, conditions, sight, order=order, limit=PAGE + 1)
    more = len(records) > PAGE
    records = records[:PAGE][:: -1 if backwards else 1]
    return Page(records, has_next=backwards or more, has_previous=more if backwards else edge is not None)


def listed_records(
    spec: EntitySpec,
    conditions: Sequence[Condition],
    sight: Sight,
    *,
    order: str = "g.updated_at DESC, g.id DESC",
    limit: int = PAGE,
) -> list[ListedRecord]:
    """Return the lines of the records that meet the conditions (aliases `g`, `t`)."""
    clause, values = _from(spec, conditions)
    attributes = key_attributes(spec)
    model = typed_model(spec)
    columns = [sql.SQL("{}::text").format(sql.Identifier("t", column_of(model, a.name))) for a in attributes]
    statement = sql.SQL("SELECT {}{} ORDER BY {} LIMIT %s").format(
        sql.SQL(", ").join(
            [sql.SQL("g.id, g.code, g.title, g.status, t.status, g.quality, g.updated_at"), *columns]
        ),
        clause,
        sql.SQL(order),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, limit])
        rows = cursor.fetchall()
    return _listed(spec, rows, attributes, sight)


def _listed(
    spec: EntitySpec, rows: Sequence[Sequence[Any]], attributes: Sequence[Attribute], sight: Sight
) -> list[ListedRecord]:
    members = _members([row[0] for row in rows])
    references = [n for n, each in enumerate(attributes) if each.kind is Kind.REFERENCE]
    names = names_of([row[7 + n] for row in rows for n in references if row[7 + n]], clear=sight.clear)
    listed = []
    for record_id, code, title, record_status, state, quality, updated_at, *cells in rows:
        count, systems = members.get(record_id, (0, ()))
        shown = tuple(_cell(each, value, names, sight) for each, value in zip(attributes, cells, strict=True))
        listed.append(
            ListedRecord(
                record_id, code, sight.title(title), record_status, state, quality, updated_at, shown, count,
                systems,
            )
        )  # fmt: skip
    return listed


def _cell(attribute: Attribute, text: str | None, names: Mapping[str, Named], sight: Sight) -> Shown:
    value: Any = text == "true" if attribute.kind is Kind.BOOLEAN and text is not None else text
    return show(attribute, sight.value(attribute.name, value), names)


def _members(ids: Sequence[UUID]) -> dict[UUID, tuple[int, tuple[str, ...]]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_id, count(*), array_agg(DISTINCT system_id ORDER BY system_id) FROM sources_crosswalk"
            " WHERE record_id = ANY(%s) GROUP BY record_id",
            (list(ids),),
        )
        return {record: (count, tuple(systems)) for record, count, systems in cursor.fetchall()}


def estimate_of(spec: EntitySpec, wanted: Wanted, sight: Sight) -> tuple[int, bool]:
    """Return how many records match and whether that number is exact: counted up to COUNTED, else estimated."""
    clause, values = _from(spec, conditions_of(spec, wanted, sight))
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT count(*) FROM (SELECT 1{} LIMIT {}) x").format(clause, sql.Literal(COUNTED + 1)),
            values,
        )
        counted = int(cursor.fetchone()[0])
        if counted <= COUNTED:
            return counted, True
        cursor.execute(sql.SQL("EXPLAIN (FORMAT JSON) SELECT 1{}").format(clause), values)
        plan = cursor.fetchone()[0]
    return max(int(plan[0]["Plan"]["Plan Rows"]), counted), False
