"""Build a whole tree: the ultimate parent, everything under it level by level, amounts added up."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import typed_model
from apps.golden.spec import EntitySpec
from apps.mastering.engine.places import MAX_DEPTH
from apps.mastering.trees.contracts import Amounts, NoTrees, Tree, TreeNode, When
from apps.mastering.trees.measuring import added_up, amounts_of
from apps.mastering.trees.placing import Places, tops
from apps.mastering.trees.rows import rows_with

MOST_NODES = 5_000
"""Records of one tree that are read; larger ones are cut at the level that passes this."""


def tree_of(
    spec: EntitySpec,
    record_id: str,
    kind: str,
    when: When,
    *,
    moved: Mapping[str, str | None] | None = None,
) -> Tree:
    """Return the tree in which a record stands. Raises NoTrees, also for a record that was not live then.

    `moved` are parents to take instead of the stored ones: the tree as it would be. Some four statements a level
    and one a measure, whatever the number of records.
    """
    places = Places(spec, kind, when, moved)
    root = tops(places, [record_id])[record_id]
    parents: dict[str, str | None] = {root: None}
    level, cut = [root], False
    for _ in range(MAX_DEPTH):
        found = {child: up for child, up in places.children(level).items() if child not in parents}
        cut = len(parents) + len(found) > MOST_NODES
        if not found or cut:
            break
        parents.update(found)
        level = list(found)
    headers = places.headers(parents)
    if root not in headers:
        raise NoTrees(f"{spec.label.capitalize()} {root} had no live record then.")
    own = amounts_of(spec, list(headers), when)
    return Tree(
        spec.name, kind, when, _in_order(root, parents, headers, _states(spec, places, headers), own), cut
    )


def _states(spec: EntitySpec, places: Places, headers: Mapping[str, Any]) -> dict[str, str]:
    statement = sql.SQL("SELECT record_id::text, status FROM {} t").format(
        rows_with(typed_model(spec), "record_id", places.when.as_of)
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, {"ids": [UUID(each) for each in headers], "as_of": places.when.as_of})
        return dict(cursor.fetchall())


def _in_order(
    root: str,
    parents: Mapping[str, str | None],
    headers: Mapping[str, tuple[str, str]],
    states: Mapping[str, str],
    own: Mapping[str, Amounts],
) -> tuple[TreeNode, ...]:
    """Return the nodes depth first, with totals."""
    below: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if parent:
            below.setdefault(parent, []).append(child)
    order: list[tuple[str, int]] = []
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        order.append((node, depth))
        children = sorted(below.get(node, ()), key=lambda each: (headers[each][1].casefold(), each))
        stack += [(child, depth + 1) for child in reversed(children)]
    totals: dict[str, Amounts] = {}
    for node, _ in reversed(order):  # children come before their parents
        totals[node] = added_up([own.get(node, {}), *(totals[child] for child in below.get(node, ()))])
    return tuple(
        TreeNode(
            id=node,
            code=headers[node][0],
            title=headers[node][1],
            state=states.get(node, ""),
            parent=parents[node],
            depth=depth,
            own=own.get(node, {}),
            total=totals[node],
        )
        for node, depth in order
    )
