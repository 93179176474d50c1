"""Scoring of candidate pairs: levels of similarity, their weights, term frequency, groups, bands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import F32, F64, I64, U8, Bools
from .columns import Column, spread
from .comparators import COMPARATORS, Couples, Rarity
from .contracts import Attribute, Band, Config, Pairs, Scores
from .dependence import damp
from .model import AttributeModel, Model
from .prepare import Prepared
from .priors import EDGES, LEVELS, identity_of

EQUAL = LEVELS - 1
CHUNK = 50_000
RARE_BONUS = 6.0
COMMON_MALUS = -10.0


@dataclass(frozen=True, eq=False)
class Compared:
    """One attribute of many pairs: level (uint8), similarity, and where equal the hash's value code on the left."""

    level: U8
    similarity: F32
    equal_code: I64


def _couples(column: Column, other: Column, rows: I64, others: I64) -> tuple[I64, I64, I64]:
    """All combinations of values of each pair: (pair, left code, right code)."""
    if not column.multiple and not other.multiple:
        i, j = column.first[rows].astype(np.int64), other.first[others].astype(np.int64)
        both = ((i >= 0) & (j >= 0)).nonzero()[0]
        return both, i[both], j[both]
    width = other.counts[others]
    pair, offset = spread(column.counts[rows] * width)
    width = width[pair]
    i = column.codes[column.starts[rows][pair] + offset // np.maximum(width, 1)]
    j = other.codes[other.starts[others][pair] + offset % np.maximum(width, 1)]
    return pair, i.astype(np.int64), j.astype(np.int64)


def _equal(column: Column, other: Column, i: I64, j: I64) -> Bools:
    same: Bools = i == j if column is other else column.hashes[i] == other.hashes[j]
    return same


def compare(
    column: Column, other: Column, rows: I64, others: I64, comparator: str, rarity: Rarity
) -> Compared:
    """Best agreement over the values of each pair."""
    n = len(rows)
    pair, i, j = _couples(column, other, rows, others)
    if not len(pair):
        return Compared(np.zeros(n, np.uint8), np.full(n, np.nan, np.float32), np.full(n, -1, np.int64))
    same = _equal(column, other, i, j)
    similarity, level = same.astype(np.float32), np.where(same, np.uint8(EQUAL), np.uint8(1))
    unlike = (~same).nonzero()[0]
    if len(unlike) and comparator != "exact":
        found = COMPARATORS[comparator](Couples(column, other, i[unlike], j[unlike], rarity))
        near = np.minimum(np.maximum(found.round(4), np.float32(0.0)), np.float32(0.999))
        similarity[unlike], level[unlike] = near, EDGES.searchsorted(near, "right") + 1
    levels, best = np.zeros(n, np.uint8), np.full(n, np.nan, np.float32)
    equal_code = np.full(n, -1, np.int64)
    if len(pair) and (column.multiple or other.multiple):
        begins = np.flatnonzero(np.concatenate([[True], pair[1:] != pair[:-1]]))
        owners = pair[begins]
        levels[owners] = np.maximum.reduceat(level, begins)
        best[owners] = np.maximum.reduceat(similarity, begins)
    else:
        levels[pair], best[pair] = level, similarity
    equal_code[pair[same]] = i[same]
    return Compared(levels, best, equal_code)


def agreement(column: Column, other: Column, rows: I64, others: I64) -> tuple[Bools, I64]:
    """Which pairs have the attribute on both sides, and where a value is equal its code on the left, else -1."""
    pair, i, j = _couples(column, other, rows, others)
    both, equal_code = np.zeros(len(rows), bool), np.full(len(rows), -1, np.int64)
    both[pair] = True
    same = _equal(column, other, i, j)
    equal_code[pair[same]] = i[same]
    return both, equal_code


def level_weights(model: AttributeModel, column: Column, compared: Compared) -> F64:
    """Weights in bits; an equal value counts the more the rarer it is."""
    return weights_at(model, compared.level, equal_shares(model, column, compared))


def equal_shares(model: AttributeModel, column: Column, compared: Compared) -> F64:
    """Share of the records that have the value both sides have; 0 where they have no equal value."""
    shares = np.zeros(len(compared.level))
    equal = (compared.equal_code >= 0).nonzero()[0]
    if len(equal):
        shares[equal] = np.maximum(model.values.share(column.hashes[compared.equal_code[equal]]), 1e-9)
    return shares


def weights_at(model: AttributeModel, level: U8, shares: F64) -> F64:
    """Weights in bits of levels 0..9, with what the rarity of equal values adds."""
    weight = model.weights[level]
    equal = shares.nonzero()[0]
    if len(equal) and model.by_rarity:
        bonus = np.log2(model.common / shares[equal])
        weight[equal] += np.minimum(np.maximum(bonus, COMMON_MALUS), RARE_BONUS)
    return weight * model.scale


def echo(weights: F64, config: Config) -> F64:
    """Inside a group the strongest evidence of each direction counts whole, the rest in part."""
    out = weights.copy()
    groups: dict[str, list[int]] = {}
    for k, attribute in enumerate(config.compared):
        if attribute.group:
            groups.setdefault(attribute.group, []).append(k)
    for members in groups.values():
        if len(members) < 2:
            continue
        part = weights[:, members]
        kept = np.where(
            (part == part.max(1, keepdims=True)) | (part == part.min(1, keepdims=True)), 1.0, config.echo
        )
        out[:, members] = part * kept
    return out


def exchange_names(
    config: Config, left: Prepared, right: Prepared, pairs: Pairs, levels: U8, rarities: dict[str, Rarity]
) -> None:
    """Given and family name written in each other's place agree (in place, on `levels`)."""
    by_type = {a.type: (k, a) for k, a in enumerate(config.compared)}
    if "given_name" not in by_type or "family_name" not in by_type:
        return
    (g, given), (f, family) = by_type["given_name"], by_type["family_name"]
    doubt = np.flatnonzero(
        (levels[:, g] <= 4) & (levels[:, f] <= 4) & ((levels[:, g] > 0) | (levels[:, f] > 0))
    )
    if not len(doubt):
        return
    rows, others = pairs.left[doubt].astype(np.int64), pairs.right[doubt].astype(np.int64)
    one = compare(
        left.columns[given.name],
        right.columns[family.name],
        rows,
        others,
        "jaro_winkler",
        rarities[given.name],
    )
    two = compare(
        left.columns[family.name],
        right.columns[given.name],
        rows,
        others,
        "jaro_winkler",
        rarities[family.name],
    )
    low = np.minimum(
        np.where(one.level == 0, two.level, one.level), np.where(two.level == 0, one.level, two.level)
    )
    crossed = (low >= 6) & (levels[doubt, g] > 0) & (levels[doubt, f] > 0)
    new = np.minimum(low, EQUAL - 1)
    levels[doubt[crossed], g] = new[crossed]
    levels[doubt[crossed], f] = new[crossed]


def compare_pairs(
    left: Prepared, right: Prepared, pairs: Pairs, config: Config, rarities: dict[str, Rarity]
) -> tuple[U8, list[Compared]]:
    """Levels [pairs, attributes] and the comparison of each attribute."""
    rows, others = pairs.left.astype(np.int64), pairs.right.astype(np.int64)
    details = []
    for a in config.compared:
        details.append(
            compare(left.columns[a.name], right.columns[a.name], rows, others, a.comparator, rarities[a.name])
        )
    levels = np.stack([d.level for d in details], 1) if details else np.zeros((len(pairs), 0), np.uint8)
    exchange_names(config, left, right, pairs, levels, rarities)
    details = [Compared(levels[:, k], d.similarity, d.equal_code) for k, d in enumerate(details)]
    return levels, details


def contributions(left: Prepared, details: list[Compared], model: Model, config: Config) -> F64:
    """Weights before group damping, [pairs, attributes]."""
    parts = [
        level_weights(model.attributes[a.name], left.columns[a.name], d)
        for a, d in zip(config.compared, details, strict=True)
    ]
    return np.stack(parts, 1)


def rarities(model: Model) -> dict[str, Rarity]:
    return {name: a.rarity for name, a in model.attributes.items()}


def probability_of(weight: F64, slope: float) -> F64:
    """Calibrated probability of a total weight in bits."""
    return 1.0 / (1.0 + np.exp2(-np.clip(weight * slope, -60, 60)))


def bands_of(probability: F64, config: Config) -> U8:
    out = np.full(len(probability), Band.NO_MATCH, np.uint8)
    out[probability >= config.review_threshold] = Band.REVIEW
    out[probability >= config.match_threshold] = Band.MATCH
    return out


def total_weights(left: Prepared, details: list[Compared], model: Model, config: Config) -> tuple[F64, F64]:
    """Total of each pair in bits, and the contributions it is made of."""
    return sum_up(contributions(left, details, model, config), model, config)


def shares_of(left: Prepared, details: list[Compared], model: Model, config: Config) -> list[F64]:
    """Of each attribute the share of the records that have the value both sides have."""
    return [
        equal_shares(model.attributes[a.name], left.columns[a.name], d)
        for a, d in zip(config.compared, details, strict=True)
    ]


def weigh_levels(levels: U8, shares: Sequence[F64], model: Model, config: Config) -> tuple[F64, F64]:
    """`total_weights` of what a comparison found."""
    parts = [
        weights_at(model.attributes[a.name], levels[:, k], shares[k]) for k, a in enumerate(config.compared)
    ]
    return sum_up(np.stack(parts, 1) if parts else np.zeros(levels.shape), model, config)


def sum_up(contributed: F64, model: Model, config: Config) -> tuple[F64, F64]:
    """The same from weights before group damping."""
    weights = damp(echo(contributed, config), model.repeats, config)
    total = model.log_odds + weights.sum(axis=1)
    if model.kin is not None:
        # Two things it may be else, strangers or relatives; what tells relatives apart alone speaks against these.
        total = -np.logaddexp2(-total, -(model.kin + telling(weights, config)))
    return np.round(total, 6), weights


def telling(weights: F64, config: Config) -> F64:
    """Sum of what tells even relatives apart."""
    identity = identity_of({a.type for a in config.compared})
    return np.asarray(weights[:, [a.type in identity for a in config.compared]].sum(axis=1), np.float64)


def score_pairs(left: Prepared, right: Prepared, pairs: Pairs, model: Model, config: Config) -> Scores:
    """Score pairs (left.row, right.row). A pair's score depends on its two records, `model` and `config` only."""
    chunks = []
    for at in range(0, max(len(pairs), 1), CHUNK):
        some = pairs.take(np.arange(at, min(at + CHUNK, len(pairs)), dtype=np.int64))
        levels, details = compare_pairs(left, right, some, config, rarities(model))
        total, weights = total_weights(left, details, model, config)
        chunks.append((levels, total, weights.astype(np.float32)))
    levels, total, weights32 = (np.concatenate([c[k] for c in chunks]) for k in range(3))
    return as_scores(levels, total, weights32, model, config)


def as_scores(levels: U8, total: F64, weights: F32, model: Model, config: Config) -> Scores:
    """Scores with the probabilities and bands that follow from the totals."""
    probability = probability_of(total, model.slope)
    return Scores(total, probability, bands_of(probability, config), levels, weights)


def threshold_weight(probability: float, slope: float) -> float:
    """The total weight that gives a probability."""
    return float(np.log2(probability / (1.0 - probability)) / slope)


def attribute_index(config: Config, name: str) -> int:
    return [a.name for a in config.compared].index(name)


def used_by(attribute: Attribute, config: Config, number: int) -> bool:
    """True if blocking pass `number` looks at this attribute, at one of the same columns, or of the same group."""
    for part in config.passes[number]:
        other = config.attribute(part.partition(":")[0])
        if set(other.sources) & set(attribute.sources) or (other.group and other.group == attribute.group):
            return True
    return False
