"""The studio's numbers: weighing what was measured is scoring, and bands are counted to the pair."""

import numpy as np
import pytest

from apps.accounts.roles import Role
from apps.audit.context import SYSTEM, Actor, acting
from apps.core.bulk import raw_cursor
from apps.core.errors import Invalid
from apps.golden.registry import entity
from apps.matching.engine import measure_pairs, score_pairs, weigh_pairs
from apps.matching.landscape import survey
from apps.matching.models import MatchRule
from apps.matching.selectors import any_rule, rule_of_row, snapshot_for, studio_view
from apps.matching.services import (
    NotADraft,
    OwnDraft,
    RuleEdit,
    activate_match_rule,
    discard_match_rule,
    draft_match_rule,
    edit_match_rule,
    take_snapshot,
)
from tests.console.signing import person
from tests.hub import NOW, account, as_user, erp_customer, master

pytestmark = pytest.mark.django_db
NAMES = (
    "Acme Widgets",
    "Borealis Mining",
    "Cobalt Partners",
    "Delta Foods",
    "Acme Wigdets",
    "Borealis Minning",
)


def landed() -> None:
    master(
        "salesforce.accounts", *(account(f"A{n}", name, BillingCity="Oslo") for n, name in enumerate(NAMES))
    )
    master("netsuite.customers", *(erp_customer(f"E{n}", f"{name} AS") for n, name in enumerate(NAMES)))


def active() -> MatchRule:
    return MatchRule.objects.get(entity="customer", status="active")


def draft() -> MatchRule:
    return draft_match_rule(entity_name="customer", note="", now=NOW)


def test_weighing_what_was_measured_is_scoring() -> None:
    landed()
    rule = any_rule(active().pk)
    with raw_cursor() as cursor:
        found = survey(cursor, entity("customer"), rule)
    prepared = found.prepared
    assert prepared is not None
    scored = score_pairs(prepared, prepared, found.pairs, rule.model, rule.config)
    measured = measure_pairs(prepared, prepared, found.pairs, rule.model, rule.config)
    weighed = weigh_pairs(measured, rule.model, rule.config)
    assert len(scored) > 0
    for name in ("weight", "probability", "band", "levels", "weights"):
        assert np.array_equal(getattr(scored, name), getattr(weighed, name))


def test_bands_are_counted_to_the_pair_and_bins_agree() -> None:
    landed()
    spec, rule = entity("customer"), any_rule(active().pk)
    snapshot = take_snapshot(spec=spec, rule=rule, now=NOW)
    assert snapshot_for(rule) == snapshot
    view = studio_view(spec=spec, rule=rule, snapshot=snapshot)
    p = view.weighed.probability
    counts = view.counts(0.8, 0.2)
    assert (counts.auto, counts.review, counts.none) == (
        int((p >= 0.8).sum()), int(((p >= 0.2) & (p < 0.8)).sum()), int((p < 0.2).sum()),
    )  # fmt: skip
    assert counts.false_merges == pytest.approx(float((1 - p[p >= 0.8]).sum()), abs=0.01)
    bins = view.bins()
    assert sum(row[1] for row in bins) == len(p)
    assert sum(row[1] for row in bins if -20 + row[0] * 0.05 >= 2.0 - 1e-9) == counts.auto
    assert sum(row[1] for row in bins if -20 + row[0] * 0.05 < -2.0 - 1e-9) == counts.none
    assert sum(len(view.examples(bits, bits + 0.5, limit=999)) for bits in np.arange(-99, 99, 0.5)) == len(p)


def test_weights_set_by_hand_need_a_reason_and_rise_with_likeness() -> None:
    rule = draft()
    flat = {"name": (0.0,) * 9}
    with pytest.raises(Invalid):
        edit_match_rule(rule_id=rule.pk, edit=RuleEdit(weights=flat), reason="", now=NOW)
    with pytest.raises(Invalid):
        edit_match_rule(
            rule_id=rule.pk, edit=RuleEdit(weights={"name": (5.0, *(0.0,) * 8)}), reason="x", now=NOW
        )
    assert edit_match_rule(rule_id=rule.pk, edit=RuleEdit(weights=flat), reason="tenants", now=NOW) == 1
    rule.refresh_from_db()
    assert rule_of_row(rule).model.attributes["name"].weights.tolist() == [0.0] * 10
    assert (rule.edits[0]["what"], rule.edits[0]["reason"]) == ("weights of name", "tenants")


def test_who_wrote_a_draft_does_not_activate_it() -> None:
    author, other = person(Role.STEWARD), person(Role.DATA_OWNER)
    with acting(Actor(name=author.username, user_id=author.pk, kind="user")):
        rule = draft()
        with pytest.raises(OwnDraft):
            activate_match_rule(rule_id=rule.pk, now=NOW)
    with as_user(other.username, other.pk):
        activate_match_rule(rule_id=rule.pk, now=NOW)
    assert active() == rule
    with acting(SYSTEM), pytest.raises(NotADraft):
        discard_match_rule(rule_id=rule.pk, now=NOW)
