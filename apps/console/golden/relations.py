"""Reads on references of a golden record, both ways: a constant number of statements."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.urls import reverse
from psycopg import sql

from apps.console.masking import Sight
from apps.console.values import Named, names_of
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec

SHOWN = 10
"""Records shown of each kind of reference; the list of the entity shows the rest."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Records that one reference leads to or comes from."""

    title: str
    entity: str
    records: list[Named]
    more_link: str = ""


def outgoing(spec: EntitySpec, document: Mapping[str, Any], *, clear: bool) -> list[Relation]:
    """Return what the record refers to, one relation per attribute and item column."""
    held: dict[tuple[str, str], list[str]] = {}
    for attribute in spec.references():
        if target := document.get(attribute.name):
            held[attribute.title, attribute.references] = [str(target)]
    for collection, column in spec.item_references():
        ids = [
            str(item[column.name]) for item in document.get(collection.name) or () if item.get(column.name)
        ]
        if ids:
            held[f"{collection.title}: {column.title}", column.references] = list(dict.fromkeys(ids))
    names = names_of([each for ids in held.values() for each in ids], clear=clear)
    return [
        Relation(title, target, [names[each] for each in ids if each in names])
        for (title, target), ids in held.items()
    ]


@lru_cache(maxsize=64)
def _incoming_statement(target: str) -> tuple[str, tuple[tuple[str, str, str], ...]]:
    """Return the statement over every reference to an entity, and (title, entity, filter attribute) of each part."""
    parts, known = [], []
    for spec in entities.values():
        for attribute in spec.references():
            if attribute.references == target:
                model = typed_model(spec)
                listed = attribute.name if attribute.name in spec.filters else ""
                known.append((f"{spec.plural} by {attribute.title}", spec.name, listed))
                parts.append((model._meta.db_table, column_of(model, attribute.name)))
        for collection, column in spec.item_references():
            if column.references == target:
                items = item_model(collection)
                known.append((f"{spec.plural} by {collection.title}", spec.name, ""))
                parts.append((items._meta.db_table, column_of(items, column.name)))
    selects = [
        sql.SQL(
            "SELECT {n}::int AS part, x.* FROM (SELECT DISTINCT g.id, g.code, g.title, g.status FROM {table} r"
            " JOIN golden_goldenrecord g ON g.id = r.record_id WHERE r.{column} = %s ORDER BY g.code LIMIT {limit}) x"
        ).format(
            n=sql.Literal(number),
            table=sql.Identifier(table),
            column=sql.Identifier(column),
            limit=sql.Literal(SHOWN + 1),
        )
        for number, (table, column) in enumerate(parts)
    ]
    return sql.SQL(" UNION ALL ").join(selects).as_string(None), tuple(known)


def incoming(spec: EntitySpec, record_id: UUID, *, clear: bool) -> list[Relation]:
    """Return what refers to the record, in one statement over all entities."""
    statement, known = _incoming_statement(spec.name)
    found: dict[int, list[Named]] = {}
    if known:
        with connection.cursor() as cursor:
            cursor.execute(statement, [record_id] * len(known))
            for part, pk, code, title, status in cursor.fetchall():
                owner = entity(known[part][1])
                found.setdefault(part, []).append(
                    Named(str(pk), owner.name, code, Sight(owner, clear).title(title), status)
                )
    relations = []
    for part, records in sorted(found.items()):
        title, name, listed = known[part]
        more = ""
        if len(records) > SHOWN and listed:
            more = f"{reverse('admin:golden_list', args=(name,))}?{listed}={record_id}"
        relations.append(Relation(title, name, records[:SHOWN], more))
    return relations
