"""Which references of records to one another may stand so that none leads back to where it starts; pure.

The answer depends on the references and their rank alone, never on which was told first: every reference is let in,
the strongest first, unless it would close a cycle with those that are in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.mastering.engine.places import ALWAYS, Days, Place, Segment, cycle_through, segments

Rank = tuple[int, float, str, str, str]
"""Smaller is stronger: what nobody can compute again, then pins by age, then sources by age; names break ties."""

FIXED, PINNED, TOLD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Link:
    """A record refers to `parent` (None: it stands alone) in one tree, on these days; `dated` ones outrank the other.

    `place` names where it stands in the record's document: an attribute, or a collection and the item's identity.
    """

    child: str
    parent: str | None
    tree: str
    rank: Rank
    place: tuple[str, str]
    days: Days = ALWAYS
    dated: bool = False


def refused_links(links: Iterable[Link]) -> list[tuple[Link, int]]:
    """Return the links that must not stand, each with the number of records its cycle runs over."""
    refused = []
    standing: dict[tuple[str, str], list[Place]] = {}
    above: dict[str, dict[str, Sequence[Segment]]] = {}
    for link in sorted(links, key=lambda each: (each.rank, each.child)):
        places = standing.setdefault((link.tree, link.child), [])
        tree = above.setdefault(link.tree, {})
        before = tree.get(link.child, ())
        places.append(Place(link.child, link.parent, link.days, link.dated))
        tree[link.child] = segments(places)
        if way := cycle_through(link.child, tree):
            refused.append((link, len(way) - 1))
            places.pop()
            tree[link.child] = before
    return refused


def knots(edges: Iterable[tuple[str, str]]) -> list[frozenset[str]]:
    """Return the sets of records in which each leads to each other one, of more than one record (Tarjan)."""
    after: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
    search = _Search(after)
    for node in sorted(after):
        if node not in search.number:
            search.visit(node)
    return search.found


class _Search:
    """Tarjan's search for strongly connected sets, without recursion."""

    def __init__(self, after: Mapping[str, Sequence[str]]) -> None:
        self.after = after
        self.number: dict[str, int] = {}
        self.lowest: dict[str, int] = {}
        self.open: list[str] = []
        self.is_open: set[str] = set()
        self.found: list[frozenset[str]] = []

    def visit(self, root: str) -> None:
        work = [(root, iter(self._opened(root)))]
        while work:
            node, following = work[-1]
            step = next(following, None)
            if step is None:
                work.pop()
                self._close(node)
                if work:
                    above = work[-1][0]
                    self.lowest[above] = min(self.lowest[above], self.lowest[node])
            elif step not in self.number:
                work.append((step, iter(self._opened(step))))
            elif step in self.is_open:
                self.lowest[node] = min(self.lowest[node], self.number[step])

    def _opened(self, node: str) -> Sequence[str]:
        self.number[node] = self.lowest[node] = len(self.number)
        self.open.append(node)
        self.is_open.add(node)
        return self.after.get(node, ())

    def _close(self, node: str) -> None:
        if self.lowest[node] != self.number[node]:
            return
        together = set()
        while node not in together:
            together.add(self.open.pop())
        self.is_open -= together
        if len(together) > 1:
            self.found.append(frozenset(together))
