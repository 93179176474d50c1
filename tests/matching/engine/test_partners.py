"""Linked sources: who is whose partner, which source holds duplicates, where partners end."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.matching import engine
from apps.matching.engine.partners import clean_sides, partners
from tests.matching.engine.test_clustering import CONFIG, EDGES, groups, scored

WORDS = [
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
NAMES = [f"{a} {b} systems" for a in WORDS for b in WORDS if a != b]
TITLES = engine.default_config({"title": "free_text", "price": "number"}, "generic")


def _pairs(left, right):
    return engine.Pairs(np.array(left, np.int32), np.array(right, np.int32), np.zeros(len(left), np.uint64))


def _titles(*sources):
    """A table of titles, its price always the same, and the source of each."""
    title = [name for source in sources for name in source]
    side = np.repeat(np.arange(len(sources), dtype=np.uint8), [len(source) for source in sources])
    table = engine.Table(
        [f"{k:04}" for k in range(len(title))], {"title": title, "price": ["10"] * len(title)}
    )
    return table, side


def test_only_the_best_partner_is_taken():
    side = np.array([0, 0, 1, 1], np.uint8)
    pairs, scores = scored({(0, 2): 9.0, (0, 3): 8.0, (1, 2): 7.0, (1, 3): 4.0})
    labels = engine.link_sides(4, pairs, scores, CONFIG, side=side)
    assert groups(labels) == {frozenset({0, 2}), frozenset({1, 3})}
    labels = engine.link_sides(4, pairs, scores, CONFIG, side=side, never=[(0, 2)])
    assert groups(labels) == {frozenset({0, 3}), frozenset({1, 2})}


def test_a_source_with_duplicates_may_give_several_partners():
    side = np.array([0, 0, 1, 1], np.uint8)
    pairs, scores = scored({(0, 2): 9.0, (0, 3): 8.0, (1, 2): 7.0, (1, 3): 4.0})
    labels = engine.link_sides(4, pairs, scores, CONFIG, side=side, clean=(True, False))
    assert groups(labels) == {frozenset({0, 2, 3}), frozenset({1})}


@settings(max_examples=100, deadline=None)
@given(EDGES, st.lists(st.integers(0, 2), min_size=12, max_size=12), st.tuples(*[st.booleans()] * 3))
def test_no_cluster_holds_two_records_of_a_clean_source(edges, sides, clean):
    side = np.array(sides, np.uint8)
    pairs, scores = scored({(a, b): w for (a, b), w in edges.items() if side[a] != side[b]})
    clean = clean[: int(side.max()) + 1]
    for group in groups(engine.link_sides(12, pairs, scores, CONFIG, side=side, clean=clean)):
        held = np.bincount(side[list(group)], minlength=3)
        assert all(count <= 1 for count, alone in zip(held, clean, strict=False) if alone)


def test_three_sources_come_together():
    table, side = _titles(NAMES, [n.replace(" systems", " system") for n in NAMES[:90]], NAMES[40:])
    found = engine.match_table(table, TITLES, side=side)
    named = [tuple(sorted(side[list(g)].tolist())) for g in groups(found.labels)]
    assert named.count((0, 1, 2)) > 40
    assert all(len(set(sides)) == len(sides) for sides in named)


def test_two_sources_match_one_to_one_and_the_rest_is_for_review():
    table, side = _titles(NAMES, [n.replace(" systems", " system") for n in NAMES])
    found = engine.match_table(table, TITLES, side=side)
    chosen = found.scores.band == engine.Band.MATCH
    assert np.bincount(found.pairs.left[chosen]).max(initial=0) <= 1
    assert np.bincount(found.pairs.right[chosen]).max(initial=0) <= 1
    assert np.array_equal(
        chosen, chosen & (found.labels[found.pairs.left] == found.labels[found.pairs.right])
    )


def test_seconds_as_good_as_firsts_tell_of_duplicates():
    """Sixty records with three partners each on the right, a hair apart; nobody on the right has two on the left."""
    n = 60
    left, right = np.repeat(np.arange(n), 3), n + np.arange(3 * n)
    side = np.repeat(np.array([0, 1], np.uint8), [n, 3 * n])
    weight = np.repeat(np.linspace(5, 20, n), 3) + np.random.default_rng(1).uniform(-0.5, 0.5, 3 * n)
    assert clean_sides(4 * n, _pairs(left, right), weight, side) == (True, False)
    weight[np.arange(3 * n) % 3 > 0] -= 15.0
    assert clean_sides(4 * n, _pairs(left, right), weight, side) == (True, True)


def test_rivals_show_where_non_matches_score():
    n = 40
    side = np.repeat(np.array([0, 1], np.uint8), n)
    left = np.concatenate([np.arange(n), np.arange(n - 1)])
    right = np.concatenate([n + np.arange(n), n + np.arange(1, n)])
    weight = np.concatenate([np.linspace(-4, 20, n), np.linspace(-12, -6, n - 1)])
    border, seen = partners(2 * n, _pairs(left, right), weight, side)
    assert seen == n
    assert -5.0 <= border <= -4.0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(-20, 20)), min_size=1, max_size=40))
def test_the_border_never_accepts_more_pairs_than_there_are(found):
    left = [a for a, _, _ in found]
    right = [10 + b for _, b, _ in found]
    side = np.repeat(np.array([0, 1], np.uint8), 10)
    _, seen = partners(20, _pairs(left, right), np.array([w for _, _, w in found]), side)
    assert 0 <= seen <= len(found)
