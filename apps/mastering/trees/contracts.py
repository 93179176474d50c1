"""What is told about trees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from apps.core.errors import NotFound
from apps.golden.spec import EntitySpec, Trees

Amounts = Mapping[str, Mapping[str, Decimal]]
"""By measure, by currency ("" where a record names none): currencies are never added together."""


class NoTrees(NotFound):
    code = "no_trees"
    title = "Records of this entity stand in no such tree"


@dataclass(frozen=True, slots=True)
class When:
    """`day`: on which the places must be valid. `as_of`: as the hub knew it at that time; None: as it knows now."""

    day: date
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One record in a tree; `own` are its amounts, `total` those of everything under it too."""

    id: str
    code: str
    title: str
    state: str
    parent: str | None
    depth: int
    own: Amounts = field(default_factory=dict)
    total: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole tree, depth first, siblings by title; the first node is the ultimate parent.

    `cut`: it has more records than are read at once, the deepest are left out.
    """

    entity: str
    kind: str
    when: When
    nodes: tuple[TreeNode, ...]
    cut: bool = False

    @property
    def root(self) -> TreeNode:
        return self.nodes[0]

    def node(self, record_id: str) -> TreeNode | None:
        return next((node for node in self.nodes if node.id == record_id), None)


@dataclass(frozen=True, slots=True)
class MovedNode:
    """A record that stands under another parent than before."""

    before: TreeNode
    after: TreeNode


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a tree differs between two moments; `amounts` is what the total of the root gained or lost."""

    added: tuple[TreeNode, ...]
    removed: tuple[TreeNode, ...]
    moved: tuple[MovedNode, ...]
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class MovePreview:
    """The trees a move touches, before and after it."""

    before: tuple[Tree, ...]
    after: tuple[Tree, ...]


def trees_of(spec: EntitySpec, kind: str) -> Trees:
    """Return the trees of an entity. Raises NoTrees, naming the kinds there are."""
    if spec.trees is None:
        raise NoTrees(f"{spec.plural.capitalize()} stand in no tree.")
    if kind not in spec.trees.kinds:
        known = ", ".join(spec.trees.kinds)
        raise NoTrees(f"There is no {kind!r} tree of {spec.plural}; there are: {known}.")
    return spec.trees
