"""Why two records are, or are not, one: the same numbers as scoring, attribute by attribute."""

import math
from dataclasses import dataclass, field

import numpy as np

from .arrays import F64
from .blocking import blocking_keys, pairs_between
from .contracts import Band, Config, Pairs
from .model import Model
from .prepare import Prepared
from .priors import EDGES, LEVELS
from .scoring import (
    EQUAL,
    Compared,
    bands_of,
    compare_pairs,
    contributions,
    level_weights,
    probability_of,
    rarities,
    score_pairs,
    sum_up,
    threshold_weight,
)

MISSING = 0
DIFFERENT = 1
TWO_LEVELS = {"exact"}
"""Comparators that know equal and different and nothing between."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One attribute of an explanation; bits. `level_weight` + `rarity` + `damping` = `contribution`."""

    attribute: str
    type: str
    left: tuple[str, ...]
    """Clean values, as compared."""
    right: tuple[str, ...]
    similarity: float | None
    level: int
    level_weight: float
    """What the level of similarity is worth by the model."""
    rarity: float
    """Term frequency: an equal value counts the more the rarer it is."""
    damping: float
    """What another attribute that speaks of the same fact has said already."""
    contribution: float


@dataclass(frozen=True, slots=True)
class Alternative:
    """What the answer would be if one attribute agreed at another level (0 missing, 1 different ... 9 equal)."""

    attribute: str
    level: int
    similarity: float
    """Least similarity of that level."""
    change: float
    """Bits it adds to the total."""
    total: float
    probability: float
    band: Band


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two records are or are not one: prior + contributions + correction = total -> probability -> band."""

    prior: float
    evidence: tuple[Evidence, ...]
    correction: float
    """Bits that no single attribute owns; 0 where attributes simply add up."""
    total: float
    probability: float
    band: Band
    shared_keys: tuple[str, ...]
    """Names of the blocking passes that bring the two together."""
    model_version: str
    match_weight: float
    """Total needed for MATCH."""
    review_weight: float
    flips: tuple[str, ...] = field(default=())
    """Attributes any one of which, left out, would change the band."""
    alternatives: tuple[Alternative, ...] = field(default=())
    """Per attribute and other band the nearest level that leads there; the smallest change in bits first."""


def least_similarity(level: int) -> float:
    """Return the least similarity of a level: 0 for "different", 1 for "equal"."""
    if level <= DIFFERENT:
        return 0.0
    return 1.0 if level >= EQUAL else float(EDGES[level - 2])


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
    evidence, flips = [], []
    for k, a in enumerate(config.compared):
        similarity = float(details[k].similarity[0])
        share, level = float(scores.weights[0, k]), int(levels[0, k])
        of_level = float(model.attributes[a.name].weights[level] * model.attributes[a.name].scale)
        evidence.append(
            Evidence(
                attribute=a.name,
                type=a.type,
                left=one.values(a.name, 0),
                right=two.values(a.name, 0),
                similarity=None if math.isnan(similarity) else round(similarity, 4),
                level=level,
                level_weight=of_level,
                rarity=float(alone[0, k]) - of_level,
                damping=share - float(alone[0, k]),
                contribution=share,
            )
        )
        if share and _band(total - share, model, config) != band:
            flips.append(a.name)
    correction = total - model.log_odds - float(scores.weights[0].astype(np.float64).sum())
    return Explanation(
        prior=model.log_odds,
        evidence=tuple(evidence),
        correction=0.0 if abs(correction) < 1e-4 else correction,
        total=total,
        probability=float(scores.probability[0]),
        band=band,
        shared_keys=_shared_keys(one, two, config),
        model_version=model.version,
        match_weight=threshold_weight(config.match_threshold, model.slope),
        review_weight=threshold_weight(config.review_threshold, model.slope),
        flips=tuple(flips),
        alternatives=_alternatives(
            one, two, alone[0], [each.level for each in evidence], total, model, config
        ),
    )


def _alternatives(
    one: Prepared,
    two: Prepared,
    alone: F64,
    levels: list[int],
    total: float,
    model: Model,
    config: Config,
) -> tuple[Alternative, ...]:
    """Try every level of every attribute, all else as it is, and keep the nearest that leads to each other band."""
    tried: list[tuple[int, int]] = []
    rows: list[F64] = []
    for k, a in enumerate(config.compared):
        for level in range(LEVELS):
            if level == levels[k] or (
                a.comparator in TWO_LEVELS and level not in (MISSING, DIFFERENT, EQUAL)
            ):
                continue
            row = alone.copy()
            row[k] = _weight_at(a.name, level, one, two, model)
            tried.append((k, level))
            rows.append(row)
    if not rows:
        return ()
    totals = sum_up(np.stack(rows), model, config)[0]
    probability = probability_of(totals, model.slope)
    bands = bands_of(probability, config)
    present = int(bands_of(probability_of(np.array([total]), model.slope), config)[0])
    nearest: dict[tuple[int, int], int] = {}
    for at, (k, level) in enumerate(tried):
        if bands[at] == present:
            continue
        slot = (k, int(bands[at]))
        if slot not in nearest or abs(level - levels[k]) < abs(tried[nearest[slot]][1] - levels[k]):
            nearest[slot] = at
    found = [
        Alternative(
            attribute=config.compared[k].name,
            level=tried[at][1],
            similarity=least_similarity(tried[at][1]),
            change=float(totals[at] - total),
            total=float(totals[at]),
            probability=float(probability[at]),
            band=Band(band),
        )
        for (k, band), at in nearest.items()
    ]
    return tuple(sorted(found, key=lambda each: (abs(each.change), each.attribute)))


def _weight_at(name: str, level: int, one: Prepared, two: Prepared, model: Model) -> float:
    """Weight of an attribute at another level; "equal" is equal to the value that one side has now."""
    column = next((side.columns[name] for side in (one, two) if len(side.columns[name].codes)), None)
    own = model.attributes[name]
    if level != EQUAL or column is None:
        return float(own.weights[level] * own.scale)
    compared = Compared(
        np.array([EQUAL], np.uint8), np.ones(1, np.float32), column.codes[:1].astype(np.int64)
    )
    return float(level_weights(own, column, compared)[0])
