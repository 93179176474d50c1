"""Average linkage inside components, many components of one size at a time."""

from collections.abc import Callable

import numpy as np

from .arrays import F64, I64

MUST = 1e9
NEVER = -1e15
"""Sums, so that one never-match between two groups outweighs everything, must-links included."""
_CELLS = 4_000_000
LARGEST = 600
"""Components above this are joined edge by edge instead of by a matrix."""


def average_linkage(weights: F64) -> I64:
    """Groups [components, members] from symmetric weights [components, members, members].

    The two groups with the highest mean weight are joined while that mean is not negative; ties go to the
    members that come first. A group is named by its first member.
    """
    count, size, _ = weights.shape
    total = weights.copy()
    members = np.ones((count, size))
    alive = np.ones((count, size), bool)
    label = np.tile(np.arange(size, dtype=np.int64), (count, 1))
    upper = np.triu(np.ones((size, size), bool), 1)
    open_ = np.arange(count)
    while len(open_):
        pairs = alive[open_][:, :, None] & alive[open_][:, None, :] & upper
        mean = total[open_] / (members[open_][:, :, None] * members[open_][:, None, :])
        mean = np.where(pairs, mean, -np.inf).reshape(len(open_), -1)
        at = mean.argmax(1)
        going = mean[np.arange(len(open_)), at] >= 0.0
        open_, at = open_[going], at[going]
        i, j = at // size, at % size
        total[open_, i] += total[open_, j]
        total[open_, :, i] = total[open_, i]
        members[open_, i] += members[open_, j]
        alive[open_, j] = False
        label[open_] = np.where(label[open_] == j[:, None], i[:, None], label[open_])
    return label


def split_components(order: I64, sizes: I64, weights_of: Callable[[I64, int], F64], out: I64) -> None:
    """Split components in place: `order` lists records component by component, by rank inside each.

    `weights_of(first, size)` gives the weights [k, size, size] of the components starting at `first` in `order`.
    `out` (by record) becomes the record that names each one's group.
    """
    firsts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        starts = firsts[sizes == size]
        step = max(1, _CELLS // int(size * size))
        for at in range(0, len(starts), step):
            some = starts[at : at + step]
            label = average_linkage(weights_of(some, int(size)))
            members = order[some[:, None] + np.arange(size)]
            out[members] = np.take_along_axis(members, label, 1)


def join_edges(left: I64, right: I64, never: set[tuple[int, int]]) -> dict[int, int]:
    """Union of edges in the given order that never brings a forbidden pair together; record -> its group's name."""
    group: dict[int, list[int]] = {}
    home: dict[int, int] = {}
    foes: dict[int, set[int]] = {}
    for a, b in never:
        foes.setdefault(a, set()).add(b)
        foes.setdefault(b, set()).add(a)
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        x, y = home.setdefault(a, a), home.setdefault(b, b)
        group.setdefault(x, [x])
        group.setdefault(y, [y])
        if x == y:
            continue
        if len(group[x]) < len(group[y]):
            x, y = y, x
        if any(home.get(foe) == x for m in group[y] for foe in foes.get(m, ())):
            continue
        for m in group[y]:
            home[m] = x
        group[x].extend(group.pop(y))
    return home
