"""From scored pairs to clusters: confident components, linkage inside, stewards' decisions, stability."""

from dataclasses import dataclass

import numpy as np

from .arrays import F64, I64, Bools
from .cliques import connected
from .contracts import Config, Pairs, Scores
from .linkage import LARGEST, MUST, NEVER, join_edges, split_components

UNSCORED = -2.0
"""Evidence (bits) of two records of one component that no blocking pass brought together."""
FLOOR, CEILING = -4.0, 8.0
LOYALTY = 2.0
"""Bonus (bits) for two records that are in one cluster already: clusters do not flicker."""
HOPELESS = FLOOR - LOYALTY
"""Clusters do not change with how far below this the evidence of a pair lies."""
GIANT = 80
"""Components above this are held together by chains more often than by truth."""

Links = tuple[I64, I64]


@dataclass(frozen=True, eq=False)
class Edges:
    """All scored pairs with their evidence: bits above even odds; `confident` may connect components."""

    left: I64
    right: I64
    bits: F64
    confident: Bools
    must: Bools


def links_of(pairs: "Links | list[tuple[int, int]] | None") -> Links:
    """Pairs as two arrays, the lower record first."""
    if pairs is None or len(pairs) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if isinstance(pairs, list):
        array = np.asarray(pairs, np.int64)
        a, b = array[:, 0], array[:, 1]
    else:
        a, b = np.asarray(pairs[0], np.int64), np.asarray(pairs[1], np.int64)
    return np.minimum(a, b), np.maximum(a, b)


def _edges(
    pairs: Pairs, scores: Scores, config: Config, never: Links, must: Links, current: I64 | None, n: int
) -> Edges:
    left = np.minimum(pairs.left, pairs.right).astype(np.int64)
    right = np.maximum(pairs.left, pairs.right).astype(np.int64)
    p = np.clip(scores.probability, 1e-12, 1 - 1e-12)
    bits = np.log2(p / (1 - p))
    sure = float(np.log2(config.match_threshold / (1 - config.match_threshold)))
    if current is not None:
        loyal = current[left] == current[right]
        bits = bits + LOYALTY * (loyal & (current[left] >= 0))
    confident = bits >= sure - 1e-9
    bits = np.clip(bits, FLOOR, CEILING)
    banned = np.isin(left * n + right, never[0] * n + never[1])
    left, right, bits, confident = left[~banned], right[~banned], bits[~banned], confident[~banned]
    forced = ~np.isin(must[0] * n + must[1], never[0] * n + never[1])
    ones = int(forced.sum())
    return Edges(
        np.concatenate([left, must[0][forced]]),
        np.concatenate([right, must[1][forced]]),
        np.concatenate([bits, np.full(ones, CEILING)]),
        np.concatenate([confident, np.ones(ones, bool)]),
        np.concatenate([np.zeros(len(left), bool), np.ones(ones, bool)]),
    )


def _components(n: int, edges: Edges, chosen: Bools) -> I64:
    return connected(n, edges.left[chosen], edges.right[chosen])


def _without_giants(n: int, edges: Edges) -> I64:
    """Components of confident edges; giants lose their weakest edges bit by bit until they break."""
    chosen = edges.confident.copy()
    label = _components(n, edges, chosen)
    need = 0.0
    while np.bincount(label, minlength=1).max(initial=0) > GIANT and need < CEILING:
        need += 1.0
        giant = np.bincount(label)[label] > GIANT
        chosen &= ~(giant[edges.left] & (edges.bits < need) & ~edges.must)
        label = _components(n, edges, chosen)
    return label


def cluster(
    n: int,
    pairs: Pairs,
    scores: Scores,
    config: Config,
    *,
    never: "Links | list[tuple[int, int]] | None" = None,
    must: "Links | list[tuple[int, int]] | None" = None,
    current: I64 | None = None,
    rank: I64 | None = None,
) -> I64:
    """Cluster label of each of `n` records: the position of the cluster's first record by rank.

    `never` pairs end in different clusters whatever else connects them (also against `must`). `current` (label
    or -1 per record) makes present clusters sticky. `rank` (default: position) settles ties; give a rank that
    belongs to the records, and the clusters do not depend on their order.
    """
    order_of = np.arange(n, dtype=np.int64) if rank is None else np.argsort(np.argsort(rank, kind="stable"))
    never_links = links_of(never)
    edges = _edges(pairs, scores, config, never_links, links_of(must), current, n)
    label = _without_giants(n, edges)
    sizes = np.bincount(label, minlength=1)
    inside = label[edges.left] == label[edges.right]
    good = np.bincount(label[edges.left[inside & (edges.bits >= 0)]], minlength=len(sizes))
    foes = label[never_links[0]] == label[never_links[1]]
    disputed = np.zeros(len(sizes), bool)
    disputed[label[never_links[0][foes]]] = True
    # Cliques of agreement need no closer look; a pair named twice only sends a component there needlessly.
    doubtful = (sizes > 1) & ((good != sizes * (sizes - 1) // 2) | disputed)
    out = first_of(label, order_of)
    small = doubtful & (sizes <= LARGEST)
    _split(label, small, edges, never_links, current, order_of, out)
    _join_large(doubtful & (sizes > LARGEST), label, edges, never_links, order_of, out)
    return first_of(np.unique(out, return_inverse=True)[1].astype(np.int64), order_of)


def first_of(label: I64, order_of: I64) -> I64:
    """Name each group by its first record."""
    by_rank = np.argsort(order_of)
    first = np.full(int(label.max(initial=-1)) + 1, -1, np.int64)
    first[label[by_rank][::-1]] = by_rank[::-1]
    return first[label]


def _split(
    label: I64, chosen: Bools, edges: Edges, never: Links, current: I64 | None, order_of: I64, out: I64
) -> None:
    members = np.flatnonzero(chosen[label])
    if not len(members):
        return
    order = members[np.lexsort((order_of[members], label[members]))]
    place = np.full(len(label), -1, np.int64)
    place[order] = np.arange(len(order))
    within = chosen[label[edges.left]] & (label[edges.left] == label[edges.right])
    one, two, bits = place[edges.left[within]], place[edges.right[within]], edges.bits[within]
    bits = np.where(edges.must[within], MUST, bits)
    foe = chosen[label[never[0]]] & (label[never[0]] == label[never[1]])
    one, two = np.concatenate([one, place[never[0][foe]]]), np.concatenate([two, place[never[1][foe]]])
    bits = np.concatenate([bits, np.full(int(foe.sum()), NEVER)])
    one, two = np.minimum(one, two), np.maximum(one, two)
    # Stable order: of two entries for one pair the later (must, then never) is written last.
    by_place = np.argsort(one, kind="stable")
    one, two, bits = one[by_place], two[by_place], bits[by_place]

    def weights_of(firsts: I64, size: int) -> F64:
        filled = np.full((len(firsts), size, size), UNSCORED)
        if current is not None:
            now = current[order[firsts[:, None] + np.arange(size)]]
            loyal = (now[:, :, None] == now[:, None, :]) & (now[:, :, None] >= 0)
            filled[loyal] = 0.0
        low = np.searchsorted(one, firsts)
        counts = np.searchsorted(one, firsts + size) - low
        which = np.repeat(np.arange(len(firsts)), counts)
        at = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
        i, j = one[at] - firsts[which], two[at] - firsts[which]
        filled[which, i, j] = bits[at]
        filled[which, j, i] = bits[at]
        return filled

    split_components(order, np.bincount(label[order])[np.unique(label[order])], weights_of, out)


def _join_large(chosen: Bools, label: I64, edges: Edges, never: Links, order_of: I64, out: I64) -> None:
    if not chosen.any():
        return
    at = np.flatnonzero(
        edges.confident & chosen[label[edges.left]] & (label[edges.left] == label[edges.right])
    )
    a, b = edges.left[at], edges.right[at]
    low, high = np.minimum(order_of[a], order_of[b]), np.maximum(order_of[a], order_of[b])
    at = at[np.lexsort((high, low, -edges.bits[at], ~edges.must[at]))]
    forbidden = set(zip(never[0].tolist(), never[1].tolist(), strict=True))
    home = join_edges(edges.left[at], edges.right[at], forbidden)
    members = np.flatnonzero(chosen[label])
    out[members] = [home.get(m, m) for m in members.tolist()]
