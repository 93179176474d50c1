"""Linked sources: which of them hold duplicates of their own, where partners end, and who is whose partner."""

import numpy as np

from .arrays import F64, I64, U8, Bools
from .clustering import Links, first_of, links_of
from .contracts import Config, Pairs, Scores

DUPLICATES = 0.2
"""Share of the sure records with a second partner nearly as good from which a source holds duplicates itself."""
LEAST_SURE = 40
"""Records with a partner below which a source is taken to hold no duplicates."""
DOUBT = 0.08
"""Share of rivals that would have been best by chance even where hardly a record is without partner."""
ROUNDS = 30


def best_of(n: int, rows: I64, weight: F64) -> F64:
    """Highest weight of each record's pairs, -inf without any."""
    best = np.full(n, -np.inf)
    np.maximum.at(best, rows, weight)
    return best


def _across(pairs: Pairs, side: U8) -> tuple[I64, I64]:
    """Both ends of each pair, the one of the lower side first."""
    a, b = pairs.left.astype(np.int64), pairs.right.astype(np.int64)
    turn = side[a] > side[b]
    return np.where(turn, b, a), np.where(turn, a, b)


def _first_and_second(n: int, rows: I64, weight: F64) -> tuple[F64, F64]:
    first = best_of(n, rows, weight)
    behind = weight < first[rows]
    return first, best_of(n, rows[behind], weight[behind])


def clean_sides(n: int, pairs: Pairs, weight: F64, side: U8) -> tuple[bool, ...]:
    """Which sources hold no duplicates of their own, so that no record has two partners there.

    Of a source without duplicates the second best is no match and falls off; where many sure records find a second
    that is as good as others' first, it is not one record but several.
    """
    count = int(side.max(initial=0)) + 1
    a, b = _across(pairs, side)
    out = []
    for here in range(count):
        seen = np.concatenate([a[side[b] == here], b[side[a] == here]])
        first, second = _first_and_second(
            n, seen, np.concatenate([weight[side[b] == here], weight[side[a] == here]])
        )
        sure = first[first > 0]
        middle = float(np.median(sure)) if len(sure) else 0.0
        firsts, seconds = float((first >= middle).sum()), float((second >= middle).sum())
        out.append(len(sure) < LEAST_SURE or seconds < DUPLICATES * firsts)
    return tuple(out)


def partners(n: int, pairs: Pairs, weight: F64, side: U8) -> tuple[float, int]:
    """Weight from which the best pairs of two clean sources are matches, and how many pairs that is.

    Where each record has one partner at most, a record's second best is no match; such rivals show how non-matches
    score. Of the records without partner some have a non-match for their best: as many as the rivals of the rest
    times the chance that both sides are without partner. The border is where most pairs are won against these.
    """
    ends = _across(pairs, side)
    firsts = [best_of(n, rows, weight) for rows in ends]
    won = (weight >= firsts[0][ends[0]]) & (weight >= firsts[1][ends[1]])
    if not won.any():
        return 0.0, 0
    scores = -np.sort(-weight[won])
    found = np.arange(1, len(scores) + 1, dtype=np.float64)
    rivals = np.maximum(*(best_of(n, rows[~won], weight[~won]) for rows in ends))
    ahead = np.searchsorted(np.sort(-rivals[np.isfinite(rivals)]), -scores, "right")
    gain = found - _by_chance(found, ahead.astype(np.float64), np.bincount(side, minlength=2))
    if gain.max() <= 0:
        return 0.0, 0
    at = int(gain.argmax())
    below = float(scores[at + 1]) if at + 1 < len(scores) else -np.inf
    # Not on the last accepted score itself, but half-way to the next, a bit at most.
    return max((float(scores[at]) + below) / 2, float(scores[at]) - 1.0), int(found[at])


def _by_chance(found: F64, rivals: F64, sizes: I64) -> F64:
    """How many of the `found` best pairs are none, from the rivals that score as well."""
    false = np.zeros(len(found))
    for _ in range(ROUNDS):
        # Who is without partner follows from how many pairs are true, which is what is asked: found step by step.
        alone = [np.clip(1.0 - (found - false) / max(size, 1), 0.0, 1.0) for size in sizes.tolist()]
        false = (false + np.minimum(rivals * (alone[0] * alone[1] + DOUBT), found)) / 2
    return false


def link_sides(
    n: int,
    pairs: Pairs,
    scores: Scores,
    config: Config,
    *,
    side: U8,
    clean: tuple[bool, ...] | None = None,
    never: "Links | list[tuple[int, int]] | None" = None,
    rank: I64 | None = None,
) -> I64:
    """Labels of linked sources: in a cluster at most one record of each clean source (all, by default).

    Best pairs come first; `rank` (default: position) settles ties.
    """
    order_of = np.arange(n, dtype=np.int64) if rank is None else np.argsort(np.argsort(rank, kind="stable"))
    a, b = _across(pairs, side)
    foes = links_of(never)
    keep = (scores.probability >= config.match_threshold) & (side[a] != side[b])
    keep &= ~np.isin(np.minimum(a, b) * n + np.maximum(a, b), foes[0] * n + foes[1])
    a, b, weight = a[keep], b[keep], scores.weight[keep]
    order = np.lexsort((order_of[b], order_of[a], -weight))
    a, b = a[order], b[order]
    if clean is None:
        clean = (True,) * (int(side.max(initial=0)) + 1)
    label = _couples(n, a, b) if clean == (True, True) else _unions(n, a, b, side, clean)
    return first_of(label, order_of)


def _couples(n: int, a: I64, b: I64) -> I64:
    """Two clean sources: pairs that are the best left of both their ends, round by round."""
    label = np.arange(n, dtype=np.int64)
    while len(a):
        best_a = np.zeros(len(a), bool)
        best_a[np.unique(a, return_index=True)[1]] = True
        best_b = np.zeros(len(a), bool)
        best_b[np.unique(b, return_index=True)[1]] = True
        both = best_a & best_b
        label[b[both]] = a[both]
        used = np.zeros(n, bool)
        used[a[both]] = used[b[both]] = True
        rest: Bools = ~(used[a] | used[b])
        a, b = a[rest], b[rest]
    return label


def _unions(n: int, a: I64, b: I64, side: U8, clean: tuple[bool, ...]) -> I64:
    """Clusters joined pair by pair as long as no clean source comes in twice."""
    label = np.arange(n, dtype=np.int64)
    members: dict[int, list[int]] = {}
    holds: dict[int, int] = {}
    bit = [1 << s if clean[s] else 0 for s in range(len(clean))]
    for one, other in zip(a.tolist(), b.tolist(), strict=True):
        x, y = int(label[one]), int(label[other])
        if x == y:
            continue
        mine, its = holds.get(x, bit[side[x]]), holds.get(y, bit[side[y]])
        if mine & its:
            continue
        joined = members.pop(y, [y])
        members.setdefault(x, [x]).extend(joined)
        holds[x] = mine | its
        label[joined] = x
    return label
