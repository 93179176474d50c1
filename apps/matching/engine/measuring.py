"""Compare pairs once, weigh them often: what a comparison found, kept apart from how much it counts."""

from dataclasses import dataclass

import numpy as np

from .arrays import F64, U8
from .contracts import Config, Pairs, Scores
from .model import Model
from .prepare import Prepared
from .scoring import (
    CHUNK,
    bands_of,
    compare_pairs,
    probability_of,
    rarities,
    shares_of,
    weigh_levels,
)


@dataclass(frozen=True, eq=False)
class Measured:
    """What comparing gave, [pairs, attributes]: `levels` as in Scores, `shares` of equal values (0: none equal)."""

    levels: U8
    shares: F64

    def __len__(self) -> int:
        return len(self.levels)


def measure_pairs(left: Prepared, right: Prepared, pairs: Pairs, model: Model, config: Config) -> Measured:
    """Compare pairs (left.row, right.row); of the model only how usual values and words are plays a part."""
    shape = len(pairs), len(config.compared)
    levels, shares = np.empty(shape, np.uint8), np.empty(shape)
    for at in range(0, len(pairs), CHUNK):
        some = np.arange(at, min(at + CHUNK, len(pairs)), dtype=np.int64)
        levels[some], details = compare_pairs(left, right, pairs.take(some), config, rarities(model))
        for k, column in enumerate(shares_of(left, details, model, config)):
            shares[some, k] = column
    return Measured(levels, shares)


def weigh_pairs(measured: Measured, model: Model, config: Config) -> Scores:
    """Score measured pairs: the very scores that `score_pairs` gives for this model and configuration."""
    total, weights = weigh_levels(measured.levels, list(measured.shares.T), model, config)
    probability = probability_of(total, model.slope)
    return Scores(
        total, probability, bands_of(probability, config), measured.levels, weights.astype(np.float32)
    )
