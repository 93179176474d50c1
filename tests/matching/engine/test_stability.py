"""Clusters stay as they are when records come that touch them not, and whatever the order of a table."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.matching import engine

from .cases import TYPES, companies
from .test_clustering import CONFIG, EDGES, groups, scored

BEYOND = st.dictionaries(
    st.tuples(st.integers(12, 23), st.integers(12, 23)).filter(lambda e: e[0] < e[1]),
    st.floats(-8, 12),
    max_size=30,
)


@settings(max_examples=100, deadline=None)
@given(EDGES, BEYOND, st.booleans())
def test_records_that_touch_no_cluster_leave_all_as_they_are(edges, others, sticky):
    before = engine.cluster(12, *scored(edges), CONFIG)
    current = np.concatenate([before, np.full(12, -1)]) if sticky else None
    stays = engine.cluster(12, *scored(edges), CONFIG, current=before) if sticky else before
    after = engine.cluster(24, *scored(edges | others), CONFIG, current=current)
    assert np.array_equal(after[:12], stays)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_shuffled_table_ends_in_the_same_clusters(seed):
    table, _ = companies(160, seed)
    order = list(range(len(table)))
    random.Random(seed).shuffle(order)
    moved = engine.Table(
        [table.ids[k] for k in order],
        {name: [cells[k] for k in order] for name, cells in table.columns.items()},
    )
    config = engine.default_config(TYPES, "organisation")
    plain, other = engine.match_table(table, config), engine.match_table(moved, config)
    back = {frozenset(order[k] for k in group) for group in groups(other.labels)}
    assert back == groups(plain.labels)
    assert len(back) < len(table)
