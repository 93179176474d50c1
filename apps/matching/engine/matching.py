"""The whole way for one table: prepare, block, train, score, cluster."""

from dataclasses import dataclass, replace

import numpy as np

from .arrays import I64, U8
from .blocking import blocking_keys, candidate_pairs, effective_cap
from .clustering import HOPELESS, Links, cluster, one_to_one
from .contracts import Band, Config, Pairs, Scores, Table
from .model import Model
from .prepare import Prepared, prepare
from .pruning import score_hopeful
from .training import train

LONE = 0.4
"""Share of the cap up to which a key suffices by itself in a large collection; in others every key does."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Everything a match of one table produced; `labels` names each record's cluster."""

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
        labels = one_to_one(len(table), pairs, scores, config, side=side, never=never, rank=rank)
        # Of several that would match, the partner is one; the others are for a person to look at.
        other = (scores.band == Band.MATCH) & (labels[pairs.left] != labels[pairs.right])
        scores = replace(scores, band=np.where(other, Band.REVIEW, scores.band).astype(np.uint8))
    return Matched(prepared, pairs, scores, labels, used)
