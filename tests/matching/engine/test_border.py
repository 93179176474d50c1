"""Where matches end: read off the valley between two hills of scores, off belief with one column."""

import numpy as np

from apps.matching import engine
from apps.matching.engine.border import FLATTEST, steepness, valley


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


def test_one_column_alone_is_decided_by_belief():
    names = [f"{w} {k} holdings" for k, w in enumerate(["alder", "birch", "cedar", "dogwood"] * 10)]
    table = engine.Table(list(range(80)), {"name": names + names})
    found = engine.match_table(table, engine.default_config({"name": "organisation_name"}, "organisation"))
    assert found.model.log_odds == -3.0
    assert len(np.unique(found.labels)) == 40
