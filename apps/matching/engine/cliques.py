"""Pairs inside connected groups that no blocking key brought together: a group is judged by all that is known of it."""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .arrays import I64, Bools
from .contracts import Pairs

LARGEST_CLIQUE = 40
"""In connected groups up to this size every pair is scored, also those that no key brought together."""


def connected(n: int, left: I64, right: I64) -> I64:
    """Number of the connected group of each of `n` records."""
    graph = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.int64)


def unasked_pairs(group: I64, known: Pairs) -> Pairs:
    """Pairs inside the groups of 3 to `LARGEST_CLIQUE` records that are not among the known ones; ordered."""
    n = len(group)
    sizes = np.bincount(group, minlength=1)
    members = np.argsort(group, kind="stable")
    firsts = np.cumsum(sizes) - sizes
    found = [np.zeros(0, np.int64)]
    for size in range(3, LARGEST_CLIQUE + 1):
        starts = firsts[sizes == size]
        rows = members[starts[:, None] + np.arange(size)]
        a, b = np.triu_indices(size, 1)
        low, high = np.minimum(rows[:, a], rows[:, b]), np.maximum(rows[:, a], rows[:, b])
        found.append((low * n + high).ravel())
    inside: Bools = group[known.left] == group[known.right]
    keys = known.left[inside].astype(np.int64) * n + known.right[inside]
    wanted = np.setdiff1d(np.concatenate(found), keys, assume_unique=True)
    wanted.sort()
    return Pairs(
        (wanted // max(n, 1)).astype(np.int32),
        (wanted % max(n, 1)).astype(np.int32),
        np.zeros(len(wanted), np.uint64),
    )
