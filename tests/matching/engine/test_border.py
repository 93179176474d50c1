"""Where matches end: read off rivals between two sources, off the valley inside one, off belief with one column."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.matching import engine
from apps.matching.engine.border import FLATTEST, partners, steepness, valley


def _pairs(left, right):
    return engine.Pairs(np.array(left, np.int32), np.array(right, np.int32), np.zeros(len(left), np.uint64))


def test_rivals_show_where_non_matches_score():
    n = 40
    side = np.repeat(np.array([0, 1], np.uint8), n)
    left = np.concatenate([np.arange(n), np.arange(n - 1)])
    right = np.concatenate([n + np.arange(n), n + np.arange(1, n)])
    weight = np.concatenate([np.linspace(-4, 20, n), np.linspace(-12, -6, n - 1)])
    border, seen = partners(2 * n, _pairs(left, right), weight, side)
    assert seen == n
    assert -5.0 <= border <= -4.0


def test_without_two_hills_there_is_no_valley():
    assert valley(np.full(1000, 3.0)) == 0.0
    two = np.concatenate(
        [np.random.default_rng(1).normal(-12, 2, 3000), np.random.default_rng(2).normal(14, 2, 900)]
    )
    assert -4 < valley(two) < 4


def test_the_valley_is_followed_beyond_the_window():
    """In a large collection chance brings forth false pairs far above even odds."""
    rng = np.random.default_rng(3)
    found = np.concatenate([rng.normal(-6, 9, 60_000), rng.normal(36, 8, 12_000)])
    assert 15 < valley(found) < 22


def _slopes(falling: float, rising: float) -> np.ndarray:
    """Weights around 0 whose density falls as non-matches thin out and rises as matches grow, in nats a bit."""
    x = np.arange(-12, 12, 0.01)
    density = 8 * np.exp(-falling * x) + 8 * np.exp(rising * x)
    return np.repeat(x, np.random.default_rng(4).poisson(density / 10))


def test_the_slope_of_odds_is_read_off_both_sides_of_the_border():
    assert abs(steepness(_slopes(0.2, 0.15), 0.0) - 0.35 / np.log(2)) < 0.06
    assert steepness(_slopes(0.6, 0.5), 0.0) == 1.0
    assert steepness(np.full(50_000, -20.0), 0.0) == 1.0
    assert FLATTEST <= steepness(np.random.default_rng(5).uniform(-12, 12, 50_000), 0.0) < 0.4


def test_a_flat_border_widens_what_is_for_review():
    """The bands follow the calibrated odds: at half the slope it takes twice the weight."""
    assert engine.threshold_weight(0.8, 0.5) == 2 * engine.threshold_weight(0.8, 1.0)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(-20, 20)), min_size=1, max_size=40))
def test_the_border_never_accepts_more_pairs_than_partners(found):
    left = [a for a, _, _ in found]
    right = [10 + b for _, b, _ in found]
    side = np.repeat(np.array([0, 1], np.uint8), 10)
    _, seen = partners(20, _pairs(left, right), np.array([w for _, _, w in found]), side)
    assert 0 <= seen <= len(found)


def test_two_sources_match_one_to_one_and_the_rest_is_for_review():
    words = [
        "alder",
        "birch",
        "cedar",
        "dogwood",
        "elm",
        "fir",
        "ginkgo",
        "hazel",
        "iris",
        "juniper",
        "kauri",
        "larch",
    ]
    names = [f"{a} {b} systems" for a in words for b in words if a != b]
    table = engine.Table(
        [f"a{k}" for k in range(len(names))] + [f"b{k}" for k in range(len(names))],
        {
            "title": names + [n.replace(" systems", " system") for n in names],
            "price": ["10"] * (2 * len(names)),
        },
    )
    side = np.repeat(np.array([0, 1], np.uint8), len(names))
    config = engine.default_config({"title": "free_text", "price": "number"}, "generic")
    found = engine.match_table(table, config, side=side)
    chosen = found.scores.band == engine.Band.MATCH
    assert np.bincount(found.pairs.left[chosen]).max(initial=0) <= 1
    assert np.bincount(found.pairs.right[chosen]).max(initial=0) <= 1
    assert np.array_equal(
        chosen, chosen & (found.labels[found.pairs.left] == found.labels[found.pairs.right])
    )


def test_one_column_alone_is_decided_by_belief():
    names = [f"{w} {k} holdings" for k, w in enumerate(["alder", "birch", "cedar", "dogwood"] * 10)]
    table = engine.Table(list(range(80)), {"name": names + names})
    found = engine.match_table(table, engine.default_config({"name": "organisation_name"}, "organisation"))
    assert found.model.log_odds == -3.0
    assert len(np.unique(found.labels)) == 40
