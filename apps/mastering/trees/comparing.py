"""How a tree differs between two moments; pure."""

from decimal import Decimal

from apps.mastering.trees.contracts import Amounts, Comparison, MovedNode, Tree


def compare_trees(before: Tree, after: Tree) -> Comparison:
    """Return what joined, left and moved, and by how much the totals of the root differ."""
    old = {node.id: node for node in before.nodes}
    new = {node.id: node for node in after.nodes}
    both = [record for record in new if record in old]
    return Comparison(
        added=tuple(node for record, node in new.items() if record not in old),
        removed=tuple(node for record, node in old.items() if record not in new),
        moved=tuple(
            MovedNode(old[record], new[record]) for record in both if old[record].parent != new[record].parent
        ),
        amounts=_differences(before.root.total, after.root.total),
    )


def _differences(before: Amounts, after: Amounts) -> Amounts:
    found: dict[str, dict[str, Decimal]] = {}
    for measure in sorted({*before, *after}):
        old, new = before.get(measure, {}), after.get(measure, {})
        for currency in sorted({*old, *new}):
            difference = new.get(currency, Decimal(0)) - old.get(currency, Decimal(0))
            if difference:
                found.setdefault(measure, {})[currency] = difference
    return found
