"""Scores: one pair alone as in a batch, symmetric, explained by the same numbers, sensible without data."""

from dataclasses import replace

import numpy as np
import pytest

from apps.matching import engine
from apps.matching.engine.clustering import HOPELESS

from .cases import TYPES, companies, reordered

CONFIG = engine.default_config(TYPES, "organisation")


@pytest.fixture(scope="module")
def matched():
    table, labels = companies(200)
    return table, labels, engine.match_table(table, CONFIG)


def pairs_of(left, right):
    one, two = np.asarray(left, np.int32), np.asarray(right, np.int32)
    return engine.Pairs(one, two, np.zeros(len(one), np.uint64))


def test_a_pair_alone_scores_as_in_the_batch_and_from_other_tables(matched):
    table, _, found = matched
    for k in range(0, len(found.pairs), max(len(found.pairs) // 25, 1)):
        i, j = int(found.pairs.left[k]), int(found.pairs.right[k])
        sides = [
            engine.prepare(
                engine.Table([table.ids[r]], {c: [v[r]] for c, v in table.columns.items()}), CONFIG
            )
            for r in (i, j)
        ]
        alone = engine.score_pairs(*sides, pairs_of([0], [0]), found.model, CONFIG)
        if found.scores.weight[k] < HOPELESS / found.model.slope:
            assert alone.weight[0] <= found.scores.weight[k]
            continue
        assert alone.weight[0] == found.scores.weight[k]
        assert alone.levels[0].tolist() == found.scores.levels[k].tolist()


def test_scores_are_symmetric(matched):
    _, _, found = matched
    p = found.prepared
    there = engine.score_pairs(p, p, pairs_of(found.pairs.left, found.pairs.right), found.model, CONFIG)
    back = engine.score_pairs(p, p, pairs_of(found.pairs.right, found.pairs.left), found.model, CONFIG)
    assert np.array_equal(there.weight, back.weight)
    assert np.array_equal(there.levels, back.levels)


def test_weights_add_up_to_the_total_and_bands_follow_the_thresholds(matched):
    _, _, found = matched
    s = found.scores
    assert np.allclose(found.model.log_odds + s.weights.sum(1), s.weight, atol=1e-3)
    assert np.array_equal(s.band == engine.Band.MATCH, s.probability >= CONFIG.match_threshold)
    assert np.array_equal(s.band == engine.Band.NO_MATCH, s.probability < CONFIG.review_threshold)


def test_the_batch_finds_the_duplicates(matched):
    _, labels, found = matched
    truth = engine.Truth(len(labels), labels=labels)
    clusters, b_cubed = truth.clusters(found.labels)
    assert clusters.precision == 1.0
    assert clusters.recall >= 0.95
    assert b_cubed.f1 >= 0.98


def test_order_of_records_changes_nothing(matched):
    table, _, found = matched
    order = np.random.default_rng(3).permutation(len(table))
    other = engine.match_table(reordered(table, order), CONFIG)
    assert other.model.version == found.model.version
    place = np.argsort(order)
    assert np.array_equal(found.labels, order[other.labels[place]])


def test_models_and_configurations_survive_json_with_the_same_scores(matched):
    _, _, found = matched
    model = engine.Model.from_json(found.model.to_json())
    config = engine.Config.from_json(CONFIG.to_json())
    assert config == CONFIG
    assert model.version == found.model.version
    scores = engine.score_pairs(found.prepared, found.prepared, found.pairs, model, config)
    before = engine.score_pairs(found.prepared, found.prepared, found.pairs, found.model, CONFIG)
    assert np.array_equal(scores.weight, before.weight)
    assert replace(model, log_odds=model.log_odds + 1).version != model.version


def test_weights_rise_with_similarity(matched):
    _, _, found = matched
    for attribute in found.model.attributes.values():
        assert (np.diff(attribute.weights[1:]) >= 0).all()
        assert attribute.weights[0] == 0


def test_explanation_gives_the_numbers_of_the_score(matched):
    _, _, found = matched
    k = int(found.scores.weight.argmax())
    i, j = int(found.pairs.left[k]), int(found.pairs.right[k])
    why = engine.explain(found.prepared, found.prepared, found.model, CONFIG, left_row=i, right_row=j)
    assert why.total == found.scores.weight[k]
    assert why.band == engine.Band.MATCH
    assert [e.level for e in why.evidence] == found.scores.levels[k].tolist()
    assert why.prior + sum(e.contribution for e in why.evidence) == pytest.approx(why.total, abs=1e-3)
    named = {
        " & ".join(parts) for n, parts in enumerate(CONFIG.passes) if int(found.pairs.passes[k]) >> n & 1
    }
    assert set(why.shared_keys) == named
    assert why.model_version == found.model.version
    assert why.review_weight < why.match_weight < why.total


def decide(config, *rows):
    table = engine.Table(["a", "b"], {c: [r.get(c) for r in rows] for c in config_columns(config)})
    p = engine.prepare(table, config)
    return engine.score_pairs(p, p, pairs_of([0], [1]), engine.default_model(config), config)


def config_columns(config):
    return {source for a in config.attributes for source in a.sources}


ACME = {
    "name": "Acme Foods Ltd",
    "city": "Leeds",
    "postcode": "LS1 4AB",
    "street": "12 Mill Lane",
    "country": "GB",
}


def test_a_fresh_hub_decides_well_without_a_trained_model():
    twin = {
        "name": "ACME FOODS LIMITED",
        "city": "Leeds",
        "postcode": "LS14AB",
        "street": "12 Mill Ln",
        "country": "UK",
    }
    assert decide(CONFIG, ACME, twin).band[0] == engine.Band.MATCH
    assert decide(CONFIG, ACME, {"name": "Zenith Motors plc", "city": "Leeds", "country": "GB"}).band[0] == 0


def test_conflicting_evidence_counts_against():
    def weight(**changes):
        one, two = {**ACME, "tax_id": "GB123456789"}, {**ACME, "tax_id": "GB123456789", **changes}
        return float(decide(CONFIG, one, two).weight[0])

    assert weight(tax_id="GB987654321") < weight(tax_id=None) < weight()
    assert weight(country="FR") < weight(country=None) < weight()
    assert weight(name="Acme Foods GmbH") < weight(name="Acme Foods") < weight()


def test_several_tax_ids_agree_if_any_agrees():
    one = {**ACME, "tax_id": ["GB111111111", "DE222222222"]}
    two = {**ACME, "tax_id": ["DE222222222", "FR33333333333"]}
    scores = decide(CONFIG, one, two)
    at = [a.name for a in CONFIG.compared].index("tax_id")
    assert scores.levels[0, at] == 9


def test_persons_with_names_exchanged_or_short():
    config = engine.default_config(
        {"given": "given_name", "family": "family_name", "email": "email", "born": "date"}, "person"
    )
    person = {"given": "Robert", "family": "Keller", "born": "1980-03-12"}
    same = decide(config, person, {"given": "Keller", "family": "Robert", "born": "1980-03-12"})
    nick = decide(config, person, {"given": "Bob", "family": "Keller", "born": "1980-03-12"})
    other = decide(config, person, {"given": "Susanna", "family": "Keller", "born": "1980-03-12"})
    assert same.levels[0, 0] == same.levels[0, 1] == 8
    assert nick.weight[0] > other.weight[0] + 5
    assert nick.band[0] == engine.Band.MATCH
    assert other.band[0] < engine.Band.MATCH


def test_nothing_to_compare_is_no_match():
    scores = decide(CONFIG, {"name": None}, {"name": None})
    assert scores.levels.max() == 0
    assert scores.band[0] == engine.Band.NO_MATCH


def test_no_pairs_and_no_records_are_fine():
    empty = engine.match_table(engine.Table([], {c: [] for c in TYPES}), CONFIG)
    assert len(empty.pairs) == len(empty.scores) == len(empty.labels) == 0


def test_few_records_do_not_drive_the_model_mad():
    table, labels = companies(6)
    found = engine.match_table(table, CONFIG)
    believed = engine.default_model(CONFIG)
    for name, attribute in found.model.attributes.items():
        assert np.abs(attribute.m - believed.attributes[name].m).max() < 0.35
    truth = engine.Truth(len(labels), labels=labels)
    assert truth.clusters(found.labels)[0].precision == 1.0


def test_labels_move_the_model_towards_them_and_few_labels_only_a_little(matched):
    _, labels, found = matched
    truth = engine.Truth(len(labels), labels=labels)
    names = tuple(a.name for a in CONFIG.compared)
    at = int(np.flatnonzero(found.scores.band == engine.Band.MATCH)[0])
    one = found.scores.take(np.array([at]))
    refined = engine.refine(found.model, one, np.array([False]), names)
    pair = found.pairs.take(np.array([at]))
    after = engine.score_pairs(found.prepared, found.prepared, pair, refined, CONFIG)
    assert after.weight[0] < one.weight[0]
    every = truth.holds(found.pairs.left.astype(np.int64), found.pairs.right.astype(np.int64))
    taught = engine.refine(found.model, found.scores, every, names)
    again = engine.score_pairs(found.prepared, found.prepared, found.pairs, taught, CONFIG)
    assert (every == (again.probability > 0.5)).mean() >= (every == (found.scores.probability > 0.5)).mean()
    assert taught.version == engine.refine(found.model, found.scores, every, names).version
