"""SQL that gives golden records as JSON text, one statement whatever the number of collections; cached by spec."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db import models
from psycopg import sql

from apps.api.masking import has_personal_title, personal_columns, personal_paths
from apps.core.json import dumps
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.spec import Attribute, Collection, EntitySpec, Kind

HEADER_COLUMNS = (
    "id",
    "entity",
    "code",
    "title",
    "record_status",
    "version",
    "quality",
    "created_at",
    "updated_at",
)
_AS_TEXT = {Kind.MONEY, Kind.DECIMAL}
NOTHING = sql.SQL("NULL::uuid")


def key_column(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)


@dataclass(frozen=True)
class Tables:
    """Where rows come from: the tables of today, or their history as of a moment.

    `valid_on` leaves of effective-dated items those that hold on that day.
    """

    spec: EntitySpec
    as_of: datetime | None = None
    valid_on: date | None = None

    def of(self, model: type[models.Model], record_column: str) -> sql.Composable:
        """Return a FROM item with the columns of `model`; historical ones are those of the record of alias `h`."""
        if self.as_of is None:
            return sql.Identifier(model._meta.db_table)
        return sql.SQL(
            "(SELECT * FROM (SELECT DISTINCT ON ({key}) * FROM {table} WHERE {record} = h.id"
            " AND history_date <= {as_of} ORDER BY {key}, history_date DESC, history_id DESC) x"
            " WHERE history_type <> '-')"
        ).format(
            key=sql.Identifier(key_column(model)),
            table=sql.Identifier(model.history.model._meta.db_table),  # type: ignore[attr-defined]  # simple_history
            record=sql.Identifier(record_column),
            as_of=sql.Literal(self.as_of),
        )

    def holding(self, collection: Collection) -> sql.Composable:
        """Return a condition over alias `i`: the item holds on the day asked for, if it has days at all."""
        names = {column.name for column in collection.columns}
        if self.valid_on is None or not {"valid_from", "valid_to"} <= names:
            return sql.SQL("")
        return sql.SQL(
            " AND coalesce(i.valid_from, '-infinity') <= {day} AND coalesce(i.valid_to, 'infinity') >= {day}"
        ).format(day=sql.Literal(self.valid_on))


def _column(model: type[models.Model], alias: str, attribute: Attribute, *, hidden: bool) -> sql.Composable:
    name = sql.Identifier(attribute.name)
    if hidden:
        return sql.SQL("NULL::text AS {}").format(name)
    column = sql.Identifier(alias, column_of(model, attribute.name))
    if attribute.kind is Kind.TIMESTAMP:
        shown = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS {}"
        return sql.SQL(shown).format(column, name)
    if attribute.kind in _AS_TEXT:
        return sql.SQL("{}::text AS {}").format(column, name)
    return sql.SQL("{} AS {}").format(column, name)


def _items(collection: Collection, tables: Tables, *, masked: bool) -> sql.Composable:
    model = item_model(collection)
    hidden = (personal_columns(tables.spec).get(collection.name) or frozenset()) if masked else frozenset()
    columns = [_column(model, "i", each, hidden=each.name in hidden) for each in collection.columns]
    order = [sql.Identifier("i", column_of(model, name)) for name in collection.identity]
    return sql.SQL(
        "(SELECT coalesce(json_agg(row_to_json(x)), '[]'::json) FROM"
        " (SELECT {columns} FROM {table} i WHERE i.record_id = h.id{holding} ORDER BY {order}) x) AS {name}"
    ).format(
        columns=sql.SQL(", ").join(columns),
        table=tables.of(model, "record_id"),
        holding=tables.holding(collection),
        order=sql.SQL(", ").join(order),
        name=sql.Identifier(collection.name),
    )


def record_json(tables: Tables, *, masked: bool, redirected_from: sql.Composable = NOTHING) -> sql.Composable:
    """Return an expression over aliases `h` (header) and `e` (typed row): one record as JSON text."""
    spec = tables.spec
    model = typed_model(spec)
    hidden = personal_columns(spec) if masked else {}
    attributes = [
        _column(model, "e", each, hidden=each.name in hidden and hidden[each.name] is None)
        for each in spec.attributes
    ]
    items = [_items(collection, tables, masked=masked) for collection in spec.collections]
    title = sql.SQL("NULL::text" if masked and has_personal_title(spec) else "h.title")
    return sql.SQL(
        "(SELECT row_to_json(d)::text FROM (SELECT h.id, h.entity, h.code, {title} AS title,"
        " h.status AS record_status, h.version, h.quality, h.created_at, h.updated_at,"
        " {redirected} AS redirected_from, {masked}::json AS masked,"
        " (SELECT row_to_json(a) FROM (SELECT {attributes}) a) AS attributes) d)"
    ).format(
        title=title,
        redirected=redirected_from,
        masked=sql.Literal(dumps(personal_paths(spec) if masked else ()).decode()),
        attributes=sql.SQL(", ").join([*attributes, *items]),
    )


def values_json(model: type[models.Model], alias: str, attributes: Sequence[Attribute]) -> sql.Composable:
    """Return an expression over `alias`: its attributes as JSON, nothing hidden."""
    columns = [_column(model, alias, attribute, hidden=False) for attribute in attributes]
    return sql.SQL("(SELECT row_to_json(v) FROM (SELECT {}) v)").format(sql.SQL(", ").join(columns))


def _text(statement: sql.Composable) -> str:
    return statement.as_string(None)


def _typed_join(spec: EntitySpec) -> sql.Composable:
    return sql.SQL("JOIN {} e ON e.record_id = h.id").format(sql.Identifier(typed_model(spec)._meta.db_table))


def _etag(*, masked: bool) -> sql.Composable:
    """Return the strong validator of a record as one kind of caller sees it.

    The version alone does not do: quality and provenance may change within one, and a redirect must not look like
    what stood at its address before.
    """
    return sql.SQL(
        "('\"' || h.version || '-' || to_hex((extract(epoch FROM h.updated_at) * 1000000)::bigint)"
        " || '-' || right(h.id::text, 12) || {})"
    ).format(sql.Literal('-m"' if masked else '-c"'))


@lru_cache(maxsize=256)
def select_by_id(spec: EntitySpec, *, masked: bool) -> str:
    """One parameter: the golden id, also of a record that was merged away. Gives id, ETag, JSON."""
    json = record_json(Tables(spec), masked=masked, redirected_from=sql.SQL("nullif(q.id, h.id)"))
    return _text(
        sql.SQL(
            "SELECT h.id::text, {etag}, {json} FROM golden_goldenrecord q"
            " JOIN golden_goldenrecord h ON h.id = coalesce(q.merged_into_id, q.id) {typed}"
            " WHERE q.id = %s AND q.entity = {entity}"
        ).format(etag=_etag(masked=masked), json=json, typed=_typed_join(spec), entity=sql.Literal(spec.name))
    )


@lru_cache(maxsize=256)
def select_by_key(spec: EntitySpec, *, masked: bool) -> str:
    """Two parameters: source system and key. Gives id, ETag, JSON."""
    return _text(
        sql.SQL(
            "SELECT h.id::text, {etag}, {json} FROM sources_crosswalk c"
            " JOIN golden_goldenrecord h ON h.id = c.record_id {typed}"
            " WHERE c.system_id = %s AND c.entity = {entity} AND c.key = %s"
        ).format(
            etag=_etag(masked=masked),
            json=record_json(Tables(spec), masked=masked),
            typed=_typed_join(spec),
            entity=sql.Literal(spec.name),
        )
    )


@lru_cache(maxsize=256)
def select_many(spec: EntitySpec, *, masked: bool) -> str:
    """Three parallel arrays (systems, keys, ids): position from 1 and JSON of what was found."""
    json = record_json(Tables(spec), masked=masked, redirected_from=sql.SQL("nullif(q.id, h.id)"))
    return _text(
        sql.SQL(
            "SELECT t.n, {json} AS json FROM unnest(%s::text[], %s::text[], %s::uuid[])"
            " WITH ORDINALITY AS t(system, key, id, n)"
            # Key by key, whatever the statistics say: on tables that just grew the planner joins whole ones.
            " CROSS JOIN LATERAL (SELECT coalesce(t.id, (SELECT c.record_id FROM sources_crosswalk c"
            " WHERE c.system_id = t.system AND c.entity = {entity} AND c.key = t.key)) AS id OFFSET 0) a"
            " CROSS JOIN LATERAL (SELECT id, merged_into_id FROM golden_goldenrecord"
            " WHERE id = a.id AND entity = {entity} OFFSET 0) q"
            " CROSS JOIN LATERAL (SELECT * FROM golden_goldenrecord"
            " WHERE id = coalesce(q.merged_into_id, q.id) OFFSET 0) h"
            " CROSS JOIN LATERAL (SELECT * FROM {typed} WHERE record_id = h.id OFFSET 0) e"
        ).format(
            json=json,
            typed=sql.Identifier(typed_model(spec)._meta.db_table),
            entity=sql.Literal(spec.name),
        )
    )


@lru_cache(maxsize=256)
def select_many_at_once(spec: EntitySpec, *, masked: bool) -> str:
    """How many are asked, then as for `select_many`: the whole answer, as asked, null for what is not found."""
    return (
        "SELECT '{\"results\":[' || string_agg(coalesce(f.json, 'null'), ',' ORDER BY p.n)"
        " || '],\"found\":' || count(f.json) || '}'"
        f" FROM generate_series(1, %s) AS p(n) LEFT JOIN ({select_many(spec, masked=masked)}) f ON f.n = p.n"
    )


@lru_cache(maxsize=256)
def select_listed(spec: EntitySpec, *, masked: bool) -> str:
    """One parameter: ids. Gives id, JSON in order of the ids' array."""
    return _text(
        sql.SQL(
            "SELECT h.id, {json} FROM unnest(%s::uuid[]) WITH ORDINALITY AS t(id, n)"
            " JOIN golden_goldenrecord h ON h.id = t.id {typed} ORDER BY t.n"
        ).format(json=record_json(Tables(spec), masked=masked), typed=_typed_join(spec))
    )
