"""Trees of records: who stands under whom on a day, as it was known at a time, with amounts added up."""

from apps.mastering.trees.building import tree_of
from apps.mastering.trees.comparing import compare_trees
from apps.mastering.trees.contracts import (
    Amounts,
    Comparison,
    MovedNode,
    MovePreview,
    NoTrees,
    Tree,
    TreeNode,
    When,
)
from apps.mastering.trees.moving import WouldCloseACycle, places_after_move, preview_move, refuse_cycle
from apps.mastering.trees.placing import ultimate_parents

__all__ = (
    "Amounts",
    "Comparison",
    "MovePreview",
    "MovedNode",
    "NoTrees",
    "Tree",
    "TreeNode",
    "When",
    "WouldCloseACycle",
    "compare_trees",
    "places_after_move",
    "preview_move",
    "refuse_cycle",
    "tree_of",
    "ultimate_parents",
)
