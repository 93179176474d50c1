"""The whole way for one table: prepare, block, train, score, cluster."""

from dataclasses import dataclass, replace

import numpy as np

from .arrays import I64, U8
from .blocking import blocking_keys, candidate_pairs, effective_cap
from .clustering import HOPELESS, Links, cluster
from .contracts import Band, Config, Pairs, Scores, Table
from .model import Model
from .partners import clean_sides, link_sides
from .prepare import Prepared, prepare
from .pruning import score_hopeful
from .training import train

LONE = 0.4
"""Share of the cap up to which a key suffices by itself in a large collection; in others every key does."""


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
) -> Matched:
    """Match a table with `model`, or with one trained on the table itself.

    With `side` the table holds two sources that have no duplicates of their own: matches are one to one.
    """
    prepared = prepare(table, config)
    cap = effective_cap(config.frequency_cap, len(table))
    lone = round(cap * LONE) if cap == config.frequency_cap else cap
    pairs = candidate_pairs(blocking_keys(prepared, config), cap=cap, side=side, lone=lone)
    used = model or train(prepared, pairs, config, side=side)
    scores = score_hopeful(prepared, prepared, pairs, used, config, HOPELESS / used.slope)
    rank = np.argsort(np.argsort(np.asarray([str(i) for i in table.ids]), kind="stable")).astype(np.int64)
    if side is None:
        labels = cluster(
            len(table), pairs, scores, config, never=never, must=must, current=current, rank=rank
        )
    else:
        clean = tuple(used.notes.get("clean") or clean_sides(len(table), pairs, scores.weight, side))
        labels = link_sides(len(table), pairs, scores, config, side=side, clean=clean, never=never, rank=rank)
    return Matched(prepared, pairs, replace(scores, band=_decided(pairs, scores, labels)), labels, used)


def _decided(pairs: Pairs, scores: Scores, labels: I64) -> U8:
    """Bands that agree with the clusters: who lives together is a match, whatever the pair itself shows.

    A pair that would match but was parted, by a better partner or by all others of its cluster, is for a person.
    """
    together = labels[pairs.left] == labels[pairs.right]
    apart = np.minimum(scores.band, Band.REVIEW)
    return np.where(together, Band.MATCH, apart).astype(np.uint8)
