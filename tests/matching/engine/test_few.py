"""A handful of pairs takes another way through the arrays than many: to the same scores, to the last bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.matching import engine
from apps.matching.engine import rarity
from apps.matching.engine.arrays import I64
from apps.matching.engine.columns import Column
from apps.matching.engine.keyparts import CUTS, parts_of, parts_of_one

from .cases import TYPES, companies

CONFIG = engine.default_config(TYPES, "organisation")
words = st.sampled_from(["acme", "foods", "north", "gmbh", "of", "x", "ltd", "maschinenbau", "strasse", "oö"])
names = st.lists(words, min_size=1, max_size=12).map(" ".join)


def column(values: list[str]) -> Column:
    distinct = list(dict.fromkeys(values))
    rows = np.arange(len(distinct), dtype=np.int32)
    return Column(len(distinct), distinct, rows, rows)


def places(column: Column) -> I64:
    return np.arange(len(column.values), dtype=np.int64)


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=2, max_size=8), st.lists(names, min_size=2, max_size=8))
def test_cosines_of_few_pairs_are_those_of_many(ours: list[str], theirs: list[str]) -> None:
    left, right = column(ours), column(theirs)
    for features in ("words", "grams"):
        shares = rarity.feature_frequencies(getattr(left, features))
        one, other = rarity.weighted(left, features, shares), rarity.weighted(right, features, shares)
        i, j = (each.ravel() for each in np.meshgrid(places(left), places(right)))
        few = rarity.cosine(one, other, i, j)
        times = rarity._FEW_PAIRS // len(i) + 1
        many = rarity.cosine(one, other, np.tile(i, times), np.tile(j, times))
        assert np.array_equal(few, many[: len(i)])
        assert few.max() <= 1.001


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=1, max_size=6))
def test_key_parts_of_a_value_are_those_of_its_column(values: list[str]) -> None:
    together = column(values)
    for how in ("", "pairs", "words", *CUTS):
        codes, hashed = parts_of(together, how)
        for place, value in enumerate(together.values):
            found: list[int] = hashed[codes == place].tolist()
            assert sorted(found) == sorted(parts_of_one(value, how))


def test_a_few_pairs_score_as_they_do_among_all() -> None:
    table, _ = companies(150)
    prepared = engine.prepare(table, CONFIG)
    pairs = engine.candidate_pairs(engine.blocking_keys(prepared, CONFIG), cap=40)
    model = engine.train(prepared, pairs, CONFIG)
    together = engine.score_pairs(prepared, prepared, pairs, model, CONFIG)
    assert len(pairs) > 300
    for at in range(0, len(pairs), 17):
        chosen = np.arange(at, min(at + 3, len(pairs)))
        rows = np.unique(np.concatenate([pairs.left[chosen], pairs.right[chosen]]))
        some = engine.Pairs(
            np.searchsorted(rows, pairs.left[chosen]).astype(np.int32),
            np.searchsorted(rows, pairs.right[chosen]).astype(np.int32),
            pairs.passes[chosen],
        )
        names = [attribute.name for attribute in CONFIG.attributes]
        alone = engine.prepared_of(names, engine.clean_cells(prepared.take(rows)))
        scores = engine.score_pairs(alone, alone, some, model, CONFIG)
        assert np.array_equal(scores.weight, together.weight[chosen])
        assert np.array_equal(scores.levels, together.levels[chosen])
