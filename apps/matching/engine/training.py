"""Training without labels: u from random pairs, m by expectation-maximisation in each blocking pass, prior odds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .arrays import F64, I64, U8
from .border import SHY, steepness, valley
from .comparators import Rarity
from .contracts import Attribute, Config, Pairs
from .dependence import learn_dependence
from .mixture import PRIOR_U, learn
from .model import AttributeModel, Model
from .partners import clean_sides, partners
from .prepare import Prepared
from .priors import HOUSEHOLD, LEVELS, PRIORS, caution_of, identity_of
from .rarity import Frequencies, feature_frequencies, value_frequencies
from .scoring import compare_pairs, shares_of, telling, threshold_weight, weigh_levels

SEED = 20240229
RANDOM_PAIRS = 60_000
EM_PAIRS = 120_000
VALLEY_TRUST = 0.6
RELATIVE_ROUNDS = 30
ALONE = -3.0
"""Prior (bits) of a candidate pair where one column is all there is: nothing independent to learn from."""


@dataclass(frozen=True, eq=False)
class Population:
    """Which pairs of records could match at all."""

    n: int
    side: U8 | None

    @property
    def pairs(self) -> float:
        if self.side is None:
            return max(self.n * (self.n - 1) / 2, 1.0)
        sizes = np.bincount(self.side).astype(float)
        return max(float((sizes.sum() ** 2 - (sizes**2).sum()) / 2), 1.0)


def _random_pairs(population: Population, rank: I64, rng: np.random.Generator) -> Pairs:
    """Random pairs drawn over `rank`, so the order of records in the table plays no part."""
    n = population.n
    if n * (n - 1) // 2 <= RANDOM_PAIRS:
        a, b = np.triu_indices(n, 1)
    else:
        a, b = rng.integers(0, n, RANDOM_PAIRS), rng.integers(0, n, RANDOM_PAIRS)
    a, b = rank[a], rank[b]
    keep = a != b if population.side is None else (a != b) & (population.side[a] != population.side[b])
    low, high = np.minimum(a, b)[keep], np.maximum(a, b)[keep]
    return Pairs(low.astype(np.int32), high.astype(np.int32), np.zeros(len(low), np.uint64))


def _rarities(prepared: Prepared, config: Config) -> tuple[dict[str, Rarity], dict[str, Frequencies]]:
    nothing = Frequencies.count(np.zeros(0, np.uint64), np.zeros(0, np.int64), 1)
    rarity, values = {}, {}
    for a in config.compared:
        column = prepared.columns[a.name]
        words = feature_frequencies(column.words) if a.comparator in _WORDS else nothing
        grams = feature_frequencies(column.grams) if a.comparator in _GRAMS else nothing
        rarity[a.name] = Rarity(words, grams)
        values[a.name] = value_frequencies(column)
    return rarity, values


_GRAMS = {"text", "organisation_name", "free_text", "person_name", "domain", "people", "codes"}
_WORDS = {"organisation_name", "free_text", "words", "people", "codes"}


def _shares(levels: U8) -> F64:
    """Pairs per level 1..9."""
    return np.bincount(levels, minlength=LEVELS)[1:].astype(np.float64)


def _chance(levels: U8, attributes: tuple[Attribute, ...], equal: Mapping[str, float]) -> dict[str, F64]:
    """u of each attribute over random pairs, shrunk towards the prior; chance equality from value counts."""
    out = {}
    for k, a in enumerate(attributes):
        counts = _shares(levels[:, k])
        u = (counts + PRIOR_U * PRIORS[a.type].u) / (counts.sum() + PRIOR_U)
        if counts.sum() > 1000:
            exact = max(equal[a.name], 1e-9)
            u[:-1] *= (1.0 - exact) / u[:-1].sum()
            u[-1] = exact
        out[a.name] = u
    return out


def _equal_by_chance(prepared: Prepared, config: Config) -> dict[str, float]:
    """Probability that two records that have the attribute share its value (matches included)."""
    out = {}
    for a in config.compared:
        counts = prepared.columns[a.name].frequency.astype(float)
        total = counts.sum()
        out[a.name] = float((counts * (counts - 1)).sum() / max(total * (total - 1), 1.0))
    return out


def _sample(found: I64, size: int, rng: np.random.Generator) -> I64:
    return found if len(found) <= size else np.sort(rng.choice(found, size, replace=False))


def _without_matches(chance: F64, m: F64, rate: float) -> F64:
    """Random pairs hold true matches too; take them out of u, but never below a tenth of what was seen."""
    u = np.maximum((chance - rate * m) / (1.0 - rate), np.maximum(chance * 0.1, 1e-9))
    return np.asarray(u / u.sum(), np.float64)


def train(prepared: Prepared, pairs: Pairs, config: Config, *, side: U8 | None = None) -> Model:
    """Learn a model from candidate pairs of one collection; with little data it stays near the priors.

    Depends on the records' content, not on their order; the same input always gives the same model.
    """
    rng = np.random.default_rng(SEED)
    population = Population(prepared.n, side)
    rank = np.argsort(prepared.content(), kind="stable").astype(np.int64)
    rarity, values = _rarities(prepared, config)
    random = _random_pairs(population, rank, rng)
    random_levels, _ = compare_pairs(prepared, prepared, random, config, rarity)
    equal = _equal_by_chance(prepared, config)
    chance = _chance(random_levels, config.compared, equal)
    chosen = _chosen(pairs, side, rank, rng)
    some = pairs.take(chosen)
    levels, details = compare_pairs(prepared, prepared, some, config, rarity)
    m, chance = learn(levels, some.passes, config, chance)
    model = Model(
        config.kind,
        float(-np.log2(max(population.pairs / max(population.n * 0.3, 1.0), 4.0))),
        {
            a.name: AttributeModel(
                m[a.name],
                chance[a.name],
                np.array(PRIORS[a.type].weight),
                caution_of(a.type),
                values[a.name],
                rarity[a.name],
                usual=max(equal[a.name], 1e-9),
            )
            for a in config.compared
        },
        trained_pairs=len(pairs),
        trained_records=prepared.n,
    )
    if len({s for a in config.compared for s in a.sources}) < 2:
        return _by_belief(model)
    growth = len(pairs) / max(len(some), 1)
    shares = shares_of(prepared, details, model, config)
    for _ in range(3):
        weight = weigh_levels(levels, shares, model, config)[0]
        model = _settle(model, weight, population, growth, chance)
    model = replace(model, repeats=_repeats(levels, shares, model, config))
    for _ in range(2 if model.repeats else 0):
        weight = weigh_levels(levels, shares, model, config)[0]
        model = _settle(model, weight, population, growth, chance)
    model = _with_relatives(model, weigh_levels(levels, shares, model, config)[1], population, growth, config)
    weight = weigh_levels(levels, shares, model, config)[0]
    clean = () if side is None else clean_sides(population.n, some, weight, side)
    shift, slope = _too_high(weight, some, population, config, clean)
    notes = {"clean": list(clean)} if clean else {}
    return replace(model, log_odds=model.log_odds - shift, slope=slope, notes=notes).rounded()


def _with_relatives(
    model: Model, weights: F64, population: Population, growth: float, config: Config
) -> Model:
    """How many candidates are matches, and how many people of one household, alike in all but what tells them apart."""
    types = {a.type for a in config.compared}
    if config.kind != "person" or not types & HOUSEHOLD or not types & identity_of(types):
        return model
    evidence, own = weights.sum(axis=1), telling(weights, config)
    belief = population.n * 0.05
    matches = relatives = belief
    for _ in range(RELATIVE_ROUNDS):
        as_match = np.exp2(np.clip(evidence + np.log2(matches / population.pairs), -60, 200))
        as_relative = np.exp2(np.clip(evidence - own + np.log2(relatives / population.pairs), -60, 200))
        as_any = 1.0 + as_match + as_relative
        matches = float((as_match / as_any).sum()) * growth + belief
        relatives = float((as_relative / as_any).sum()) * growth + belief
    log_odds = min(float(np.log2(matches / population.pairs)), -2.0)
    return replace(model, kin=float(np.log2(matches / relatives)), log_odds=log_odds)


def _repeats(levels: U8, shares: list[F64], model: Model, config: Config) -> dict[tuple[str, str], float]:
    """What attributes repeat each other, judged without the caution that stands for such repetition."""
    plain = {name: replace(a, caution=np.zeros(LEVELS - 1)) for name, a in model.attributes.items()}
    weights = weigh_levels(levels, shares, model, config)[1]
    evidence = weigh_levels(levels, shares, replace(model, attributes=plain), config)[1]
    return learn_dependence(weights, evidence, model.log_odds, config)


def _too_high(
    weight: F64, pairs: Pairs, population: Population, config: Config, clean: tuple[bool, ...]
) -> tuple[float, float]:
    """Bits by which weights are above what they should be, judged by where matches end, and the slope there."""
    if population.side is None or clean != (True, True):
        border = valley(weight)
        return VALLEY_TRUST * border, steepness(weight, border)
    border, seen = partners(population.n, pairs, weight, population.side)
    return (border - threshold_weight(config.match_threshold, 1.0)) * min(seen / SHY, 1.0), 1.0


def _chosen(pairs: Pairs, side: U8 | None, rank: I64, rng: np.random.Generator) -> I64:
    """A sample of pairs to learn from; of two sources all pairs of some records, so that rivals stay together."""
    everything = np.arange(len(pairs), dtype=np.int64)
    if side is None or len(pairs) <= EM_PAIRS:
        return _sample(everything, EM_PAIRS, rng)
    order = np.argsort(rank)[pairs.left]
    return np.flatnonzero(order < np.sort(order)[EM_PAIRS])


def _by_belief(model: Model) -> Model:
    """With a single column no pass leaves anything to learn from; then what is believed of its type decides."""
    attributes = {
        name: replace(a, u=a.m / np.exp2(a.believed), caution=np.zeros(LEVELS - 1))
        for name, a in model.attributes.items()
    }
    return replace(model, log_odds=ALONE, attributes=attributes).rounded()


def _settle(
    model: Model, weight: F64, population: Population, growth: float, chance: Mapping[str, F64]
) -> Model:
    """Prior odds that agree with the matches they lead to; u freed of those matches."""
    evidence = weight - model.log_odds
    log_odds = model.log_odds
    belief = population.n * 0.05
    for _ in range(20):
        expected = float((1.0 / (1.0 + np.exp2(-np.clip(evidence + log_odds, -60, 60)))).sum()) * growth
        log_odds = float(np.log2(max(expected + belief, 0.5) / population.pairs))
        log_odds = min(log_odds, -2.0)
    rate = min(float(np.exp2(log_odds)), 0.2)
    attributes = {
        name: replace(a, u=_without_matches(chance[name], a.m, rate)) for name, a in model.attributes.items()
    }
    return replace(model, log_odds=log_odds, attributes=attributes)
