"""Retraining on labels: too few are told, what is held back stays so, the draft is better or says so."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.golden.registry import entity
from apps.matching.models import (
    CandidatePair,
    MatchRule,
    PairDecision,
    PatternDecision,
    TrainingReport,
    Verdict,
)
from apps.matching.selectors import active_rule, recall_pair
from apps.matching.services import (
    TooFewLabels,
    activate_match_rule,
    answer_pairs,
    bind_pairs,
    retrain_match_rule,
)
from apps.matching.services.teaching.labels import PER_PATTERN, collect_labels
from apps.matching.services.teaching.proving import FOLDS, folds_of, measure
from apps.sources.models import SourceRecord
from tests.hub import NOW, account, master, only, seed

TOWNS = ("Leeds", "York", "Hull", "Derby", "Bath", "Ripon")


def test_measures_are_exact() -> None:
    probability = np.array([0.95, 0.9, 0.85, 0.1, 0.05])
    found = measure(probability, np.array([True, True, False, False, True]), 0.8)
    assert (found.precision, found.recall, found.f1) == (0.6667, 0.6667, 0.6667)
    told = -np.log2([0.95, 0.9, 0.15, 0.9, 0.05])
    assert found.log_loss == round(float(told.mean()), 4)
    assert found.bins == ((0.05, 1.0, 1), (0.1, 0.0, 1), (0.85, 0.0, 1), (0.925, 1.0, 2))
    assert found.calibration_error == round((0.95 + 0.1 + 0.85 + 2 * 0.075) / 5, 4)


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=120))
def test_folds_keep_groups_whole_and_classes_even(labels: list[tuple[int, bool]]) -> None:
    group = np.array([each for each, _ in labels], np.int64)
    is_match = np.array([each for _, each in labels], bool)
    fold = folds_of(is_match, group)
    for each in set(group.tolist()):
        assert len(set(fold[group == each].tolist())) == 1
    largest = max(int((group == each).sum()) for each in set(group.tolist()))
    for kind in (True, False):
        counts = [int(((fold == number) & (is_match == kind)).sum()) for number in range(FOLDS)]
        assert max(counts) - min(counts) <= 2 * largest
    assert (folds_of(is_match, group) == fold).all()


@pytest.fixture
def seeded(db: None) -> None:
    seed()


def labelled(matches: int, others: int) -> None:
    """Pairs whose name says one thing and whose domain the other: people go by the name alone."""
    rows = []
    for k in range(matches + others):
        same = k < matches
        word = (
            f"{'bcdfghjklm'[k % 10]}{'aeiou'[k // 10 % 5]}{'nprstvwxzk'[k // 3 % 10]}{'aeiou'[k % 5]}{k:02}"
        )
        fields = {"BillingCity": TOWNS[k % 6], "BillingCountryCode": "GB"}
        rows.append(account(f"L{k}", f"{word} Mills Ltd", Website=f"w{k}.example", **fields))
        other = f"{word} Mills Limited" if same else f"{word} Mills Trading Ltd"
        site = f"z{k}.example" if same else f"w{k}.example"
        rows.append(account(f"R{k}", other, Website=site, **fields))
    master("salesforce.accounts", *rows)
    ids = dict(SourceRecord.objects.values_list("key", "pk"))
    for verdict, numbers in (
        (Verdict.MATCH, range(matches)),
        (Verdict.NEVER, range(matches, matches + others)),
    ):
        pairs = [(ids[f"L{k}"], ids[f"R{k}"]) for k in numbers]
        bind_pairs(entity="customer", pairs=pairs, verdict=verdict, reason="seen", now=NOW)


def test_too_few_labels_say_how_many_more_of_which_kind(seeded: None) -> None:
    labelled(11, 2)
    with pytest.raises(TooFewLabels) as refusal:
        retrain_match_rule(entity_name="customer", note="", now=NOW)
    assert str(refusal.value) == (
        "There are 13 labels (11 MATCH, 2 NOT A MATCH). Decide 7 more pairs, at least 3 NOT A MATCH."
    )
    assert MatchRule.objects.filter(entity="customer").count() == 1


def test_retraining_drafts_a_version_that_is_better_on_what_was_held_back(seeded: None) -> None:
    labelled(18, 18)
    draft = retrain_match_rule(entity_name="customer", note="", now=NOW)
    assert (draft.status, draft.version, draft.note) == ("draft", 2, "Refined on 36 labels")
    row = only(TrainingReport.objects.all())
    report = row.report
    assert (row.rule_id, row.base_version, row.labels) == (draft.pk, 1, 36)
    assert (report["matches"], report["others"], report["unseen"], report["folds"]) == (18, 18, 0, 5)
    assert report["people"] == {"system": 36}
    assert report["after"]["log_loss"] < report["before"]["log_loss"]
    assert report["after"]["f1"] >= report["before"]["f1"]
    assert report["scales"]["domain"][1] < report["scales"]["domain"][0] == 1.0
    assert report["flip_count"] == len(report["flips"]) >= report["flips_right"] > 0
    assert [point["labels"] for point in report["curve"]] == sorted(
        point["labels"] for point in report["curve"]
    )
    assert report["curve"][-1]["log_loss"] == report["after"]["log_loss"]
    assert active_rule("customer").version == 1
    again = retrain_match_rule(entity_name="customer", note="", now=NOW)
    assert again.model == draft.model


def test_labels_are_what_the_person_saw_not_what_the_records_say_later(seeded: None) -> None:
    labelled(1, 1)
    CandidatePair.objects.all().delete()
    PairDecision.objects.all().delete()
    left, right = sorted(SourceRecord.objects.filter(key__in=("L0", "R0")).values_list("pk", flat=True))
    seen = [
        {
            "attribute": "name",
            "left": ["Old Name Ltd", None],
            "right": ["Old Name Ltd", None],
            "level": 9,
            "weight": 1,
        },
        {"attribute": "city", "left": ["Leeds"], "right": ["York"], "level": 1, "weight": -1},
    ]
    pair = CandidatePair.objects.create(
        entity="customer", left_id=left, right_id=right, probability=0.5, weight=0.0, evidence=seen, rule_version=1,
        status="open", found_at=NOW,
    )  # fmt: skip
    assert answer_pairs(pair_ids=[pair.pk], verdict=Verdict.NEVER, reason="", now=NOW) == 1
    labels = collect_labels(entity("customer"), active_rule("customer"))
    assert (len(labels), labels.unseen, labels.matches) == (1, 0, 0)
    assert labels.prepared.values("name", 0) == ("old name",)
    assert labels.prepared.values("city", 1) == ("york",)
    assert labels.signatures == ["city:different name:equal"]


def test_one_pattern_counts_no_more_than_its_share(seeded: None) -> None:
    labelled(2, PER_PATTERN + 8)
    pattern = PatternDecision.objects.create(
        entity="customer", signature="x", verdict="never", reason="x", pairs=1, checked=1, decided_at=NOW
    )
    PairDecision.objects.filter(verdict="never").update(pattern=pattern)
    labels = collect_labels(entity("customer"), active_rule("customer"))
    assert (labels.matches, len(labels)) == (2, 2 + PER_PATTERN)


def test_an_old_decision_is_explained_under_its_own_version_after_retraining(seeded: None) -> None:
    labelled(15, 15)
    draft = retrain_match_rule(entity_name="customer", note="", now=NOW)
    pair = CandidatePair.objects.filter(entity="customer").order_by("id").first()
    assert pair is not None
    activate_match_rule(rule_id=draft.pk, now=NOW)
    told = recall_pair(spec=entity("customer"), pair_id=pair.pk, clear=True)
    assert told.reproduced
    assert (told.then.rule_version, told.now.rule_version) == (1, 2)
    assert round(told.then.total, 3) == pair.weight
    assert told.now.total != told.then.total
