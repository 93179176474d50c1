"""The whole way for one table: prepare, block, train, score, cluster."""

from dataclasses import dataclass, replace

import numpy as np

from .arrays import I64, U8
from .blocking import blocking_keys, candidate_pairs, effective_cap
from .cliques import LARGEST_CLIQUE, connected, unasked_pairs
from .clustering import HOPELESS, Links, cluster, links_of
from .contracts import Band, Config, Pairs, Scores, Table
from .model import Model
from .partners import clean_sides, link_sides
from .prepare import Prepared, prepare
from .pruning import score_hopeful
from .scoring import score_pairs
from .training import train

LONE = 0.4
"""Share of the cap up to which a key suffices by itself in a large collection; in others every key does."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A key of more than `cap` records makes no pairs, one of more than `lone` only beside another key."""

    cap: int
    lone: int


def limits_of(config: Config, records: int | None = None) -> Limits:
    """Limits for a collection matched as a whole; without its size those of one that grows, whatever its size."""
    cap = config.frequency_cap if records is None else effective_cap(config.frequency_cap, records)
    large = records is not None and cap == config.frequency_cap
    return Limits(cap, round(cap * LONE) if large else cap)


@dataclass(frozen=True, eq=False)
class Matched:
    """Everything a match of one table produced.

    `labels` names each record's cluster, and the bands of `scores` agree with it; weights are of the pairs alone.
    """

    prepared: Prepared
    pairs: Pairs
    scores: Scores
    labels: I64
    model: Model


def match_table(
    table: Table,
    config: Config,
    *,
    model: Model | None = None,
    side: U8 | None = None,
    never: "Links | list[tuple[int, int]] | None" = None,
    must: "Links | list[tuple[int, int]] | None" = None,
    current: I64 | None = None,
    limits: Limits | None = None,
) -> Matched:
    """Match a table with `model`, or with one trained on the table itself.

    `limits` are those of the table's size; with `limits_of(config)` it ends as records fed one by one do.
    With `side` the table holds two sources that have no duplicates of their own: matches are one to one.
    """
    prepared = prepare(table, config)
    limits = limits or limits_of(config, len(table))
    pairs = candidate_pairs(blocking_keys(prepared, config), cap=limits.cap, side=side, lone=limits.lone)
    used = model or train(prepared, pairs, config, side=side)
    scores = score_hopeful(prepared, prepared, pairs, used, config, HOPELESS / used.slope)
    rank = np.argsort(np.argsort(np.asarray([str(i) for i in table.ids]), kind="stable")).astype(np.int64)
    if side is None:
        pairs, scores = _with_cliques(prepared, pairs, scores, used, config, links_of(must))
        labels = cluster(
            len(table), pairs, scores, config, never=never, must=must, current=current, rank=rank
        )
    else:
        clean = tuple(used.notes.get("clean") or clean_sides(len(table), pairs, scores.weight, side))
        labels = link_sides(len(table), pairs, scores, config, side=side, clean=clean, never=never, rank=rank)
    return Matched(prepared, pairs, replace(scores, band=_decided(pairs, scores, labels)), labels, used)


def _with_cliques(
    prepared: Prepared, pairs: Pairs, scores: Scores, model: Model, config: Config, must: Links
) -> tuple[Pairs, Scores]:
    """Add the pairs inside connected groups that no key brought together; in a giant doubt alone counts for nothing."""
    sure = scores.band == Band.MATCH
    group = connected(
        prepared.n,
        np.concatenate([pairs.left[sure].astype(np.int64), must[0]]),
        np.concatenate([pairs.right[sure].astype(np.int64), must[1]]),
    )
    giant = np.bincount(group, minlength=1)[group] > LARGEST_CLIQUE
    keep = ~(giant[pairs.left] & giant[pairs.right]) | (scores.band >= Band.REVIEW)
    pairs, scores = pairs.take(keep), scores.take(keep)
    more = unasked_pairs(group, pairs)
    if not len(more):
        return pairs, scores
    both = Pairs(
        *(np.concatenate([getattr(p, name) for p in (pairs, more)]) for name in ("left", "right", "passes"))
    )
    found = score_pairs(prepared, prepared, more, model, config)
    names = ("weight", "probability", "band", "levels", "weights")
    return both, Scores(*(np.concatenate([getattr(s, name) for s in (scores, found)]) for name in names))


def _decided(pairs: Pairs, scores: Scores, labels: I64) -> U8:
    """Bands that agree with the clusters: who lives together is a match, whatever the pair itself shows.

    A pair that would match but was parted, by a better partner or by all others of its cluster, is for a person.
    """
    together = labels[pairs.left] == labels[pairs.right]
    apart = np.minimum(scores.band, Band.REVIEW)
    return np.where(together, Band.MATCH, apart).astype(np.uint8)
