"""Explanations add up to the score, and what they say would change the decision does change it."""

from dataclasses import replace

import numpy as np
import pytest

from apps.matching import engine
from apps.matching.engine import Band

TYPES = {
    "name": "organisation_name", "email": "email", "phone": "phone", "city": "city", "postcode": "postcode",
    "street": "street", "country": "country",
}  # fmt: skip
CONFIG = replace(engine.default_config(TYPES, "organisation"), match_threshold=0.8)
MODEL = engine.default_model(CONFIG)
ACME = {
    "name": "Acme Foods Ltd",
    "city": "Leeds",
    "postcode": "LS1 4AB",
    "street": "12 Mill Lane",
    "country": "GB",
}
LIKE = {
    "name": "Acme Food Limited",
    "city": "Leeds",
    "postcode": "LS9 9ZZ",
    "street": "3 Kirkgate",
    "country": "GB",
}


def prepared(*rows):
    columns = {name: [row.get(name) for row in rows] for name in TYPES}
    return engine.prepare(engine.Table(list(range(len(rows))), columns), CONFIG)


def explained(left, right, model=MODEL, config=CONFIG):
    both = prepared(left, right)
    return engine.explain(both, both, model, config, left_row=0, right_row=1)


@pytest.mark.parametrize("other", [LIKE, {"name": "Acme Foods"}, {**ACME, "phone": "+44 113 496 0001"}])
def test_the_parts_of_every_attribute_and_of_the_total_add_up(other):
    why = explained(ACME, other)
    for each in why.evidence:
        assert each.level_weight + each.rarity + each.damping == pytest.approx(each.contribution, abs=1e-5)
    added = why.prior + sum(each.contribution for each in why.evidence) + why.correction
    assert added == pytest.approx(why.total, abs=1e-4)
    assert why.correction == 0.0
    assert why.probability == pytest.approx(1 / (1 + 2**-why.total), abs=1e-6)


@pytest.mark.parametrize(
    ("other", "attribute"),
    [
        ({**ACME, "country": "FR", "postcode": "M1 1AA"}, "country"),
        ({**LIKE, "street": "12 Mill Lane"}, "name"),
    ],
)
def test_an_alternative_comes_true_when_the_value_is_made_so(other, attribute):
    """Give the second record the first one's value: the promised total is reached to the bit."""
    why = explained(ACME, other)
    assert why.band == Band.NO_MATCH
    [promised] = [each for each in why.alternatives if (each.attribute, each.level) == (attribute, 9)]
    again = explained(ACME, {**other, attribute: ACME[attribute]})
    assert again.total == pytest.approx(promised.total, abs=1e-5)
    assert again.band == promised.band == Band.MATCH


def test_a_missing_value_is_told_what_it_would_have_to_be():
    left = {"name": "Acme Foods Ltd", "phone": "+44 113 496 0001", "city": "Leeds"}
    why = explained(left, {"name": "Acme Foods Ltd", "city": "Leeds"})
    missing = next(each for each in why.evidence if each.attribute == "phone")
    assert (missing.level, missing.contribution) == (0, 0.0)
    wished = [each for each in why.alternatives if each.attribute == "phone"]
    for each in wished:
        assert each.band != why.band
        assert each.level > 0
        assert (each.total > why.total) == (each.band > why.band)


def test_alternatives_are_the_nearest_levels_and_all_flip_the_band():
    why = explained(ACME, {**LIKE, "street": "12 Mill Lane"})
    assert {each.band for each in why.alternatives} <= {Band.NO_MATCH, Band.REVIEW, Band.MATCH} - {why.band}
    changes = [abs(each.change) for each in why.alternatives]
    assert changes == sorted(changes)
    slots = [(each.attribute, each.band) for each in why.alternatives]
    assert len(slots) == len(set(slots))


def test_rarity_is_told_apart_from_the_level():
    rows = [{**ACME, "name": f"Firm {k} Ltd", "city": "Leeds" if k % 2 else f"Town{k}"} for k in range(300)]
    table = engine.Table(list(range(300)), {name: [row.get(name) for row in rows] for name in TYPES})
    ready = engine.prepare(table, CONFIG)
    pairs = engine.candidate_pairs(engine.blocking_keys(ready, CONFIG), cap=20)
    model = engine.train(ready, pairs, CONFIG)
    common = explained({"city": "Leeds"}, {"city": "Leeds"}, model)
    rare = explained({"city": "Town4"}, {"city": "Town4"}, model)
    [often] = [each for each in common.evidence if each.attribute == "city"]
    [seldom] = [each for each in rare.evidence if each.attribute == "city"]
    assert often.level_weight == seldom.level_weight
    assert often.rarity < 0 < seldom.rarity


def test_least_similarity_is_where_a_level_begins():
    edges = [engine.least_similarity(level) for level in range(10)]
    assert edges[:3] == [0.0, 0.0, 0.6]
    assert edges[-1] == 1.0
    assert (np.diff(edges) >= 0).all()
