"""Clusters: never-match and must-link laws, giants, order, stability."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.matching import engine

CONFIG = engine.default_config({"name": "organisation_name", "city": "city"}, "organisation")


def scored(edges):
    """Pairs and scores from {(a, b): bits}."""
    items = sorted(edges.items())
    bits = np.array([w for _, w in items], float)
    p = 1 / (1 + np.exp2(-bits))
    n = len(items)
    pairs = engine.Pairs(
        np.array([a for (a, _), _ in items], np.int32),
        np.array([b for (_, b), _ in items], np.int32),
        np.ones(n, np.uint64),
    )
    scores = engine.Scores(
        bits, p, engine.bands_of(p, CONFIG), np.zeros((n, 0), np.uint8), np.zeros((n, 0), np.float32)
    )
    return pairs, scores


def groups(labels):
    return {frozenset(np.flatnonzero(labels == x).tolist()) for x in np.unique(labels)}


EDGES = st.dictionaries(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda e: e[0] < e[1]),
    st.floats(-8, 12),
    max_size=40,
)
LINKS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda e: e[0] < e[1]), max_size=5)


@settings(max_examples=150, deadline=None)
@given(EDGES, LINKS, LINKS)
def test_never_match_holds_over_whole_clusters_and_must_links_unless_they_clash(edges, never, must):
    pairs, scores = scored(edges)
    labels = engine.cluster(12, pairs, scores, CONFIG, never=never, must=must)
    assert all(labels[a] != labels[b] for a, b in never)
    if not never:
        assert all(labels[a] == labels[b] for a, b in must)


@settings(max_examples=100, deadline=None)
@given(EDGES, LINKS, st.permutations(range(12)))
def test_order_of_records_plays_no_part(edges, never, order):
    pairs, scores = scored(edges)
    straight = engine.cluster(12, pairs, scores, CONFIG, never=never)
    place = {old: new for new, old in enumerate(order)}
    moved = {tuple(sorted((place[a], place[b]))): w for (a, b), w in edges.items()}
    pairs, scores = scored(moved)
    foes = [tuple(sorted((place[a], place[b]))) for a, b in never]
    other = engine.cluster(12, pairs, scores, CONFIG, never=foes, rank=np.array(order))
    back = {frozenset(order[k] for k in g) for g in groups(other)}
    assert back == groups(straight)


@settings(max_examples=100, deadline=None)
@given(EDGES)
def test_running_again_from_its_own_clusters_changes_nothing(edges):
    pairs, scores = scored(edges)
    once = engine.cluster(12, pairs, scores, CONFIG)
    twice = engine.cluster(12, pairs, scores, CONFIG, current=once)
    assume(all(w < 0 or w >= 2.0 for w in edges.values()))
    for group in groups(once):
        assert len({int(twice[k]) for k in group}) == 1


def test_a_weak_bridge_between_two_tight_groups_is_cut():
    edges = {(a, b): 8.0 for g in (range(0, 4), range(4, 8)) for a in g for b in g if a < b}
    edges[(3, 4)] = 2.5
    pairs, scores = scored(edges)
    assert groups(engine.cluster(8, pairs, scores, CONFIG)) == {frozenset(range(4)), frozenset(range(4, 8))}


def test_a_long_chain_does_not_become_a_giant():
    pairs, scores = scored({(k, k + 1): 3.0 for k in range(999)})
    labels = engine.cluster(1000, pairs, scores, CONFIG)
    assert np.bincount(labels).max() <= 8


def test_a_real_giant_stays_whole_and_still_obeys_never_match():
    n = 700
    edges = {(a, b): 12.0 for a in range(n) for b in range(a + 1, min(a + 6, n))}
    pairs, scores = scored(edges)
    labels = engine.cluster(n, pairs, scores, CONFIG, never=[(0, n - 1)])
    assert labels[0] != labels[n - 1]
    assert np.bincount(labels).max() > n // 2


def test_a_new_record_does_not_break_an_old_cluster():
    edges = {(0, 1): 3.0, (1, 2): 3.0, (0, 2): -1.0}
    pairs, scores = scored(edges)
    current = np.array([0, 0, 0, -1])
    edges |= {(2, 3): 9.0}
    pairs, scores = scored(edges)
    labels = engine.cluster(4, pairs, scores, CONFIG, current=current)
    assert labels[0] == labels[1] == labels[2]


def test_truth_measures_pairs_clusters_and_b_cubed():
    truth = engine.Truth(5, labels=np.array([0, 0, 0, 1, 1]))
    clusters, b_cubed = truth.clusters(np.array([0, 0, 1, 2, 2]))
    assert (clusters.precision, clusters.recall) == (1.0, 0.5)
    assert b_cubed.precision == 1.0
    assert round(b_cubed.recall, 4) == round((4 / 3 + 1 / 3 + 2) / 5, 4)
    assert truth.best(np.array([0, 0, 3]), np.array([1, 3, 4]), np.array([3.0, 2.0, 4.0])) == (2 / 3, 3.0)
