"""Why two records are, or are not, one: the same numbers as scoring, attribute by attribute."""

import math

import numpy as np

from .blocking import blocking_keys, pairs_between
from .contracts import Band, Config, Evidence, Explanation, Pairs
from .model import Model
from .prepare import Prepared
from .scoring import (
    bands_of,
    compare_pairs,
    contributions,
    probability_of,
    rarities,
    score_pairs,
    threshold_weight,
)


def _band(weight: float, model: Model, config: Config) -> Band:
    return Band(int(bands_of(probability_of(np.array([weight]), model.slope), config)[0]))


def _shared_keys(one: Prepared, two: Prepared, config: Config) -> tuple[str, ...]:
    shared = pairs_between(blocking_keys(one, config), blocking_keys(two, config), cap=2**31)
    mask = int(shared.passes[0]) if len(shared) else 0
    return tuple(" & ".join(parts) for n, parts in enumerate(config.passes) if mask >> n & 1)


def explain(
    left: Prepared, right: Prepared, model: Model, config: Config, *, left_row: int = 0, right_row: int = 0
) -> Explanation:
    """Explain the score of one pair; the total is the one `score_pairs` gives."""
    one, two = left.take([left_row]), right.take([right_row])
    zero = np.zeros(1, np.int32)
    pair = Pairs(zero, zero, np.zeros(1, np.uint64))
    scores = score_pairs(one, two, pair, model, config)
    levels, details = compare_pairs(one, two, pair, config, rarities(model))
    alone = contributions(one, details, model, config)
    total = float(scores.weight[0])
    band = Band(int(scores.band[0]))
    evidence = []
    flips = []
    for k, a in enumerate(config.compared):
        similarity = float(details[k].similarity[0])
        share = float(scores.weights[0, k])
        evidence.append(
            Evidence(
                attribute=a.name,
                type=a.type,
                left=one.values(a.name, 0),
                right=two.values(a.name, 0),
                similarity=None if math.isnan(similarity) else round(similarity, 4),
                level=int(levels[0, k]),
                weight=round(float(alone[0, k]), 4),
                contribution=round(share, 4),
            )
        )
        if share and _band(total - share, model, config) != band:
            flips.append(a.name)
    return Explanation(
        prior=model.log_odds,
        evidence=tuple(evidence),
        total=total,
        probability=float(scores.probability[0]),
        band=band,
        shared_keys=_shared_keys(one, two, config),
        model_version=model.version,
        match_weight=threshold_weight(config.match_threshold, model.slope),
        review_weight=threshold_weight(config.review_threshold, model.slope),
        flips=tuple(flips),
    )
