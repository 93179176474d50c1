"""Scoring with an early end: a pair that cannot reach a weight any more is not compared further."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import F64, I64, U8, Bools
from .contracts import Attribute, Config, Pairs, Scores
from .model import Model
from .prepare import Prepared
from .scoring import (
    CHUNK,
    EQUAL,
    Compared,
    agreement,
    as_scores,
    compare,
    exchange_names,
    level_weights,
    sum_up,
)

_COST = {
    "exact": 0, "number": 1, "house_number": 1, "code": 2, "date": 2, "phone": 2, "jaro_winkler": 3,
    "given_name": 4, "email": 4, "words": 5, "domain": 6, "text": 7, "person_name": 8, "free_text": 8,
}  # fmt: skip
"""Cheap comparators come first; those not named here are the dearest."""
_CHEAP = 3
_EXCHANGED = ("given_name", "family_name")
_SLACK = 1e-3


@dataclass(eq=False)
class _Open:
    """What is known of the pairs of one chunk: per attribute the level (8 for "different, not compared yet")."""

    left: Prepared
    right: Prepared
    pairs: Pairs
    levels: U8
    similarity: "np.ndarray[tuple[int, int], np.dtype[np.float32]]"
    codes: "np.ndarray[tuple[int, int], np.dtype[np.int64]]"
    upper: F64
    """[pairs, attributes]: weight, or the most it can still be."""


def score_hopeful(
    left: Prepared, right: Prepared, pairs: Pairs, model: Model, config: Config, least: float
) -> Scores:
    """What `score_pairs` gives, exact for every pair that reaches `least` bits, at a fraction of its cost.

    Of all others the weight is an upper bound below `least`, and levels and weights are what had been seen by then.
    """
    shape = (len(pairs), len(config.compared))
    levels, total = np.zeros(shape, np.uint8), np.zeros(len(pairs))
    weights = np.zeros(shape, np.float32)
    for at in range(0, len(pairs), CHUNK):
        here = slice(at, min(at + CHUNK, len(pairs)))
        some = pairs.take(np.arange(here.start, here.stop, dtype=np.int64))
        levels[here], total[here], weights[here] = _score_chunk(left, right, some, model, config, least)
    return as_scores(levels, total, weights, model, config)


def _score_chunk(
    left: Prepared, right: Prepared, pairs: Pairs, model: Model, config: Config, least: float
) -> tuple[U8, F64, F64]:
    state = _at_first_sight(left, right, pairs, model, config)
    live = np.arange(len(pairs), dtype=np.int64)
    for columns in _steps(config.compared):
        for k in columns:
            _look(state, k, live, model, config)
        if any(config.compared[k].type in _EXCHANGED for k in columns):
            _cross(state, live, model, config)
        live = _hopeful(state.upper, live, model, config, least)
    total, weights = sum_up(state.upper, model, config)
    return state.levels, total, weights


def _steps(attributes: Sequence[Attribute]) -> list[list[int]]:
    """Attributes in the order they are looked at: the cheap ones together, then one by one, exchangeable names last.

    Given and family name come together, because one may be written in the place of the other.
    """
    names = [k for k, a in enumerate(attributes) if a.type in _EXCHANGED]
    names = names if len({attributes[k].type for k in names}) == len(_EXCHANGED) else []
    costs = [_COST.get(a.comparator, max(_COST.values()) + 1) for a in attributes]
    apart = [k for k in range(len(attributes)) if k not in names]
    cheap = [k for k in apart if costs[k] <= _CHEAP]
    dear = sorted((k for k in apart if costs[k] > _CHEAP), key=lambda k: (costs[k], k))
    return [step for step in (cheap, *([k] for k in dear), names) if step]


def _at_first_sight(left: Prepared, right: Prepared, pairs: Pairs, model: Model, config: Config) -> _Open:
    """Missing and equal are seen without comparing; what differs is taken to be as near as different can be."""
    rows, others = pairs.left.astype(np.int64), pairs.right.astype(np.int64)
    shape = (len(pairs), len(config.compared))
    levels, codes = np.zeros(shape, np.uint8), np.full(shape, -1, np.int64)
    similarity, upper = np.full(shape, np.nan, np.float32), np.zeros(shape)
    for k, a in enumerate(config.compared):
        both, equal_code = agreement(left.columns[a.name], right.columns[a.name], rows, others)
        different = 1 if a.comparator == "exact" else EQUAL - 1
        levels[:, k] = np.where(equal_code >= 0, EQUAL, np.where(both, different, 0))
        codes[:, k] = equal_code
        similarity[:, k] = np.where(equal_code >= 0, 1.0, np.where(both, 0.0, np.nan))
        seen = Compared(levels[:, k], similarity[:, k], equal_code)
        upper[:, k] = level_weights(model.attributes[a.name], left.columns[a.name], seen)
    return _Open(left, right, pairs, levels, similarity, codes, upper)


def _look(state: _Open, k: int, live: I64, model: Model, config: Config) -> None:
    """Compare one attribute of the pairs that are still open, where it is neither missing nor equal."""
    a = config.compared[k]
    at = live[state.levels[live, k] == EQUAL - 1]
    if a.comparator == "exact" or not len(at):
        return
    rows, others = state.pairs.left[at].astype(np.int64), state.pairs.right[at].astype(np.int64)
    column, attribute = state.left.columns[a.name], model.attributes[a.name]
    found = compare(column, state.right.columns[a.name], rows, others, a.comparator, attribute.rarity)
    state.levels[at, k], state.similarity[at, k] = found.level, found.similarity
    state.upper[at, k] = level_weights(attribute, column, found)


def _cross(state: _Open, live: I64, model: Model, config: Config) -> None:
    levels = state.levels[live]
    rarities = {name: a.rarity for name, a in model.attributes.items()}
    exchange_names(config, state.left, state.right, state.pairs.take(live), levels, rarities)
    state.levels[live] = levels
    for k, a in enumerate(config.compared):
        if a.type in _EXCHANGED:
            seen = Compared(levels[:, k], state.similarity[live, k], state.codes[live, k])
            state.upper[live, k] = level_weights(model.attributes[a.name], state.left.columns[a.name], seen)


def _hopeful(upper: F64, live: I64, model: Model, config: Config, least: float) -> I64:
    """Those of `live` that may still reach `least`.

    Inside a group positive weights may all come to count whole; of negative ones only the strongest is sure to.
    """
    part = upper[live]
    most = np.full(len(live), model.log_odds + _SLACK)
    groups = [a.group for a in config.compared]
    for group in dict.fromkeys(groups):
        inside = [k for k, g in enumerate(groups) if g == group]
        some = part[:, inside]
        if not group or len(inside) < 2:
            most += some.sum(axis=1)
            continue
        below = np.minimum(some, 0.0)
        strongest = below.min(axis=1)
        most += np.maximum(some, 0.0).sum(axis=1) + strongest + config.echo * (below.sum(axis=1) - strongest)
    chosen: Bools = most >= least
    return live[chosen]
