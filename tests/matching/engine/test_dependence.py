"""Attributes that repeat each other: the weaker of two agreements counts in part, where all else says so."""

import numpy as np

from apps.matching import engine
from apps.matching.engine.dependence import damp, learn_dependence

from .cases import TYPES

CONFIG = engine.default_config(TYPES, "organisation")
AT = {a.name: k for k, a in enumerate(CONFIG.compared)}


def _namesakes(matches: int, strangers: int):
    """Pairs that share name and domain; matches share the street as well, strangers have another."""
    weights = np.zeros((matches + strangers, len(AT)))
    weights[:, AT["name"]], weights[:, AT["domain"]] = 12.0, 11.0
    weights[:matches, AT["street"]], weights[matches:, AT["street"]] = 10.0, -8.0
    return weights


def test_a_name_and_the_domain_made_from_it_count_once_where_namesakes_are_strangers():
    weights = _namesakes(400, 400)
    shares = learn_dependence(weights, weights, -12.0, CONFIG)
    assert set(shares) == {("name", "domain")}
    assert shares["name", "domain"] < 0.3


def test_two_attributes_count_whole_where_pairs_that_agree_in_both_are_matches():
    weights = _namesakes(800, 0)
    assert learn_dependence(weights, weights, -12.0, CONFIG) == {}


def test_a_few_pairs_teach_nothing():
    weights = _namesakes(20, 30)
    assert learn_dependence(weights, weights, -12.0, CONFIG) == {}


def test_only_the_weaker_of_two_agreements_is_cut():
    weights = np.zeros((3, len(AT)))
    weights[:, AT["name"]] = [12.0, 8.0, -4.0]
    weights[:, AT["domain"]] = [10.0, 9.0, 9.0]
    found = damp(weights, {("name", "domain"): 0.25}, CONFIG)
    assert found[:, AT["name"]].tolist() == [12.0, 2.0, -4.0]
    assert found[:, AT["domain"]].tolist() == [2.5, 9.0, 9.0]


def test_what_repeats_comes_back_from_json():
    model = engine.default_model(CONFIG)
    from_json = engine.Model.from_json({**model.to_json(), "repeats": [["name", "domain", 0.3]]})
    assert from_json.repeats == {("name", "domain"): 0.3}
    assert engine.Model.from_json(from_json.to_json()).version == from_json.version != model.version
