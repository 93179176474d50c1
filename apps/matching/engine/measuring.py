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
    echo,
    equal_shares,
    probability_of,
    rarities,
    weights_at,
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
    levels, shares = [], []
    for at in range(0, max(len(pairs), 1), CHUNK):
        some = pairs.take(np.arange(at, min(at + CHUNK, len(pairs)), dtype=np.int64))
        found, details = compare_pairs(left, right, some, config, rarities(model))
        levels.append(found)
        columns = [
            equal_shares(model.attributes[a.name], left.columns[a.name], d)
            for a, d in zip(config.compared, details, strict=True)
        ]
        shares.append(np.stack(columns, 1) if columns else np.zeros((len(some), 0)))
    return Measured(np.concatenate(levels), np.concatenate(shares))


def weigh_pairs(measured: Measured, model: Model, config: Config) -> Scores:
    """Score measured pairs: the very scores that `score_pairs` gives for this model and configuration."""
    parts = [
        weights_at(model.attributes[a.name], measured.levels[:, k], measured.shares[:, k])
        for k, a in enumerate(config.compared)
    ]
    weights = echo(np.stack(parts, 1), config) if parts else np.zeros(measured.levels.shape)
    total = np.round(model.log_odds + weights.sum(axis=1), 6)
    probability = probability_of(total, model.slope)
    return Scores(
        total, probability, bands_of(probability, config), measured.levels, weights.astype(np.float32)
    )
