"""Filters of lists, from the spec: equal to one of several values, or from/to for dates and numbers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from psycopg import sql

from apps.api.masking import personal_columns
from apps.api.parameters import CURSOR, LIMIT, Parameter
from apps.api.v1.lookups import conditions_of, lookup_parameters
from apps.api.v1.record_sql import Tables
from apps.golden.documents import column_of, typed_model
from apps.golden.models import RecordStatus
from apps.golden.spec import Attribute, EntitySpec, Kind

_RANGED = {Kind.DATE, Kind.TIMESTAMP, Kind.INTEGER, Kind.DECIMAL, Kind.MONEY}
_SCHEMAS: Mapping[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.CHOICE: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.DECIMAL: {"type": "string", "format": "decimal"},
    Kind.MONEY: {"type": "string", "format": "decimal"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.DATE: {"type": "string", "format": "date"},
    Kind.TIMESTAMP: {"type": "string", "format": "date-time"},
    Kind.REFERENCE: {"type": "string", "format": "uuid"},
}
AS_OF = Parameter("as_of", {"type": "string", "format": "date-time"}, "Show what was known at this time.")
VALID_ON = Parameter(
    "valid_on",
    {"type": "string", "format": "date"},
    "Of effective-dated items, show those that hold on this day.",
)
_HEADER = (
    Parameter(
        "record_status",
        {"type": "string", "enum": [RecordStatus.LIVE.value, RecordStatus.RETIRED.value]},
        "Golden records that have sources, or those that lost their last one.",
        default=RecordStatus.LIVE.value,
    ),
    Parameter("updated_since", {"type": "string", "format": "date-time"}, "Changed at this time or later."),
)


def _schema(attribute: Attribute) -> dict[str, Any]:
    schema = dict(_SCHEMAS[attribute.kind])
    return {**schema, "enum": list(attribute.choices)} if attribute.choices else schema


@lru_cache(maxsize=256)
def filter_parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    """Return the filters that the spec names."""
    parameters = []
    for name in spec.filters:
        attribute = spec.attribute(name)
        personal = name in personal_columns(spec)
        words = attribute.help or f"{attribute.title.capitalize()}."
        schema = _schema(attribute)
        single = attribute.kind is Kind.BOOLEAN
        parameters.append(Parameter(name, schema, words, multiple=not single, personal=personal))
        if attribute.kind in _RANGED:
            parameters.append(Parameter(f"{name}_from", schema, f"{words} At least this.", personal=personal))
            parameters.append(Parameter(f"{name}_to", schema, f"{words} At most this.", personal=personal))
    return tuple(parameters)


@lru_cache(maxsize=256)
def list_parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    """Return everything a list can be asked by: filters first, then lookups of other names, then the header's."""
    filters = filter_parameters(spec)
    taken = {each.name for each in filters}
    lookups = tuple(each for each in lookup_parameters(spec) if each.name not in taken)
    return (*filters, *lookups, *_HEADER, AS_OF, VALID_ON, LIMIT, CURSOR)


AFTER = Parameter(
    "after",
    {"type": "string", "format": "uuid"},
    "Go on behind this record: the `id` of the last whole line you have.",
)


@lru_cache(maxsize=256)
def export_parameters(spec: EntitySpec) -> tuple[Parameter, ...]:
    """Return everything an export can be asked by: the filters of the list, and where to go on."""
    kept = (each for each in list_parameters(spec) if each not in (AS_OF, VALID_ON, LIMIT, CURSOR))
    return (*kept, AFTER)


def _survivors(past: Tables | None) -> sql.Composable:
    """Return an array of golden ids in place of a parameter: records that were merged away by their survivors."""
    headers: sql.Composable = sql.SQL(
        "SELECT id, merged_into_id FROM golden_goldenrecord WHERE id = ANY(%s::uuid[])"
    )
    if past and past.as_of:
        headers = sql.SQL(
            "SELECT DISTINCT ON (id) id, merged_into_id FROM golden_historicalgoldenrecord WHERE id = ANY(%s::uuid[])"
            " AND history_date <= {} ORDER BY id, history_date DESC, history_id DESC"
        ).format(sql.Literal(past.as_of))
    return sql.SQL("ARRAY(SELECT coalesce(q.merged_into_id, q.id) FROM ({}) q)").format(headers)


def list_conditions(
    spec: EntitySpec, given: Mapping[str, Any], past: Tables | None = None
) -> list[tuple[sql.Composable, Any]]:
    """Return (condition over aliases `e` and `h`, its parameter) for the filters that were given."""
    found: list[tuple[sql.Composable, Any]] = [(sql.SQL("h.status = %s"), given["record_status"])]
    if given["updated_since"]:
        found.append((sql.SQL("h.updated_at >= %s"), given["updated_since"]))
    model = typed_model(spec)
    for name in spec.filters:
        column = sql.Identifier("e", column_of(model, name))
        value = given[name]
        if isinstance(value, list) and value:
            refers = spec.attribute(name).kind is Kind.REFERENCE
            told = _survivors(past) if refers else sql.SQL("%s")
            found.append((sql.SQL("{} = ANY({})").format(column, told), value))
        elif isinstance(value, bool):
            found.append((sql.SQL("{} = %s").format(column), value))
        for suffix, operator in (("_from", ">="), ("_to", "<=")):
            if (bound := given.get(name + suffix)) is not None:
                found.append((sql.SQL("{} {} %s").format(column, sql.SQL(operator)), bound))
    others = {name: value for name, value in given.items() if name not in spec.filters}
    return [*found, *conditions_of(spec, others, past)]
