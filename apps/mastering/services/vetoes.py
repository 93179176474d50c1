"""What forbids a merge: kinship in any tree, values that must agree, open items under terms that differ."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, item_model, load_documents, typed_model
from apps.golden.registry import entities
from apps.golden.spec import Document, EntitySpec, OpenVeto
from apps.mastering.contracts import Veto

MAX_DEPTH = 100
"""Levels of a tree that are looked at; nobody has more of them on purpose."""

Group = Sequence[UUID]


def find_vetoes(spec: EntitySpec, groups: Sequence[Group]) -> list[list[Veto]]:
    """Return, for each set of golden records that shall become one, what forbids it.

    A constant number of statements, whatever the number of sets.
    """
    ids = sorted({record for group in groups for record in group})
    kin = _kin(spec, ids)
    documents = load_documents(spec, ids)
    open_in = [(veto, _open_scopes(veto, ids)) for veto in spec.open_vetoes if veto.entity in entities]
    found: list[list[Veto]] = []
    for group in groups:
        vetoes = list(_kinship(spec, group, kin))
        for one, other in combinations(group, 2):
            vetoes += _differing(spec, (one, other), documents)
            for veto, scopes in open_in:
                vetoes += _open_items(spec, veto, (one, other), documents, scopes)
        found.append(vetoes)
    return found


def _kinship(spec: EntitySpec, group: Group, kin: Mapping[tuple[UUID, UUID], str]) -> Iterator[Veto]:
    for (below, above), link in kin.items():
        if below in group and above in group:
            yield Veto(
                "kin",
                f"One {spec.label.lower()} stands above the other by its {link}; as one record it would stand above"
                " itself. Remove that link first if it is wrong.",
                (below, above),
                absolute=True,
            )


def _kin(spec: EntitySpec, ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], str]:
    """Return what links a record to one of the others above it, over any number of levels, on any day."""
    edges = [_attribute_edge(spec, a.name) for a in spec.references() if a.references == spec.name]
    edges += [
        _item_edge(spec, c.name, a.name) for c, a in spec.item_references() if a.references == spec.name
    ]
    if not edges or len(ids) < 2:
        return {}
    statement = sql.SQL(
        "WITH RECURSIVE edge AS NOT MATERIALIZED ({edges}), above (start, node, link, depth) AS ("
        " SELECT child, parent, link, 1 FROM edge WHERE child = ANY(%(ids)s) AND parent IS NOT NULL"
        " UNION SELECT a.start, e.parent, a.link, a.depth + 1 FROM above a JOIN edge e ON e.child = a.node"
        " AND e.link = a.link WHERE e.parent IS NOT NULL AND a.depth < %(depth)s AND a.node <> a.start)"
        " SELECT DISTINCT start, node, link FROM above WHERE node = ANY(%(ids)s) AND node <> start ORDER BY 1, 2, 3"
    ).format(edges=sql.SQL(" UNION ALL ").join(edges))
    with raw_cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "depth": MAX_DEPTH})
        return {(start, node): link for start, node, link in cursor}


def _attribute_edge(spec: EntitySpec, name: str) -> sql.Composable:
    model, trees = typed_model(spec), spec.trees
    link: sql.Composable = sql.Literal(name)
    if trees and name == trees.attribute and trees.kind_attribute:
        kind = sql.Identifier(column_of(model, trees.kind_attribute))
        link = sql.SQL("{} || ' (' || coalesce({}, {}) || ')'").format(
            sql.Literal(name), kind, sql.Literal(trees.kinds[0])
        )
    return sql.SQL("SELECT record_id AS child, {} AS parent, {} AS link FROM {}").format(
        sql.Identifier(column_of(model, name)), link, sql.Identifier(model._meta.db_table)
    )


def _item_edge(spec: EntitySpec, collection: str, column: str) -> sql.Composable:
    model, trees = item_model(spec.collection(collection)), spec.trees
    link: sql.Composable = sql.Literal(f"{collection}.{column}")
    if trees and collection == trees.collection:
        link = sql.SQL("{} || ' (' || coalesce(kind, {}) || ')'").format(
            sql.Literal(trees.attribute), sql.Literal(trees.kinds[0])
        )
    return sql.SQL("SELECT record_id, {}, {} FROM {}").format(
        sql.Identifier(column_of(model, column)), link, sql.Identifier(model._meta.db_table)
    )


def _differing(
    spec: EntitySpec, pair: tuple[UUID, UUID], documents: Mapping[UUID, Document]
) -> Iterator[Veto]:
    for name in spec.match.vetoes:
        collection = spec.collection(name)
        one, other = (
            {collection.identity_of(item): item for item in documents.get(each, {}).get(name) or ()}
            for each in pair
        )
        for identity in sorted(one.keys() & other.keys()):
            if one[identity] != other[identity]:
                yield Veto(
                    "differing_values",
                    f"Their {collection.title} differ ({identity.replace('|', ' ').strip()}): they are two, unless one"
                    " of the values is wrong.",
                    pair,
                )


OpenScopes = Mapping[UUID, Mapping[str, list[str]]]
"""By record and scope: the open items, a text for each currency."""


def _open_scopes(veto: OpenVeto, ids: Sequence[UUID]) -> OpenScopes:
    spec = entities.get(veto.entity)
    model = typed_model(spec)
    currency = sql.Identifier("currency") if _has_currency(spec) else sql.SQL("NULL")
    statement = sql.SQL(
        "SELECT {reference}, {scope}, coalesce({currency}, ''), count(*), sum({amount}) FROM {table}"
        " WHERE {reference} = ANY(%s) AND {amount} <> 0"
        " AND status = ANY(%s) AND {scope} IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ).format(
        currency=currency,
        reference=sql.Identifier(column_of(model, veto.reference)),
        scope=sql.Identifier(column_of(model, veto.scope)),
        amount=sql.Identifier(column_of(model, veto.amount)),
        table=sql.Identifier(model._meta.db_table),
    )
    found: dict[UUID, dict[str, list[str]]] = {}
    with raw_cursor() as cursor:
        cursor.execute(statement, (list(ids), list(veto.states)))
        for record, scope, code, count, amount in cursor:
            what = spec.label.lower() if count == 1 else spec.plural
            told = f"{count} {what}, {f'{code} {amount:,.2f}'.strip()}"
            found.setdefault(record, {}).setdefault(scope, []).append(told)
    return found


def _has_currency(spec: EntitySpec) -> bool:
    return any(attribute.name == "currency" for attribute in spec.attributes)


def _open_items(
    spec: EntitySpec,
    veto: OpenVeto,
    pair: tuple[UUID, UUID],
    documents: Mapping[UUID, Document],
    scopes: OpenScopes,
) -> Iterator[Veto]:
    collection = spec.collection(veto.collection)
    terms = [
        {
            collection.identity_of(item): item.get(veto.column)
            for item in documents.get(each, {}).get(veto.collection) or ()
        }
        for each in pair
    ]
    items = [scopes.get(each, {}) for each in pair]
    for scope in sorted(items[0].keys() & items[1].keys()):
        one, other = terms[0].get(scope), terms[1].get(scope)
        if one and other and one != other:
            sides = zip((one, other), items, strict=True)
            yield Veto(
                "open_items",
                f"Both have open {entities.get(veto.entity).plural} in {scope}, on the"
                f" {collection.column(veto.column).title}s {one} and {other}. Settle or transfer one side first.",
                pair,
                detail="; ".join(f"{account}: {' and '.join(own[scope])}" for account, own in sides),
            )
