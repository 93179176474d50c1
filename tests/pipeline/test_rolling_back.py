"""Whatever draft was activated: rolling back leaves the golden records that were there before."""

from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.clock import utcnow
from apps.matching.models import ComparedPair, HeldPair, MatchRule
from apps.matching.services import RuleEdit, draft_match_rule, edit_match_rule
from apps.pipeline.services import (
    apply_match_rule,
    rematch_entity,
    roll_back_match_rule,
    run_pending,
    work_on_rematch,
)
from apps.pipeline.simulating import simulate_rules
from apps.sources.models import Crosswalk
from tests.hub import account, master, only, seed

pytestmark = pytest.mark.django_db
SAME = {
    "BillingCity": "Leeds",
    "BillingPostalCode": "LS1 4AP",
    "BillingCountry": "GB",
    "Phone": "+441132000000",
}


def rename(name: str, day: int) -> ComparedPair:
    """Have the second record of one firm called otherwise."""
    master("salesforce.accounts", account("A2", name, **SAME, SystemModstamp=f"2026-03-0{day}"))
    pair: ComparedPair = only(ComparedPair.objects.filter(entity="customer"))
    return pair


def activate(**draft: Any) -> MatchRule:
    rule = draft_match_rule(entity_name="customer", note="", now=utcnow(), match=0.9, review=0.1)
    edit_match_rule(rule_id=rule.pk, edit=RuleEdit(**draft), reason="trial", now=utcnow())
    apply_match_rule(rule_id=rule.pk, now=utcnow())
    follow()
    return rule


def follow() -> None:
    assert work_on_rematch() is not None
    run_pending()


def living() -> dict[UUID, frozenset[str]]:
    """Return the keys of the source records of each golden record."""
    homes: dict[UUID, set[str]] = {}
    for key, home in Crosswalk.objects.filter(entity="customer").values_list("key", "record_id"):
        homes.setdefault(home, set()).add(key)
    return {home: frozenset(keys) for home, keys in homes.items()}


@pytest.fixture
def renamed() -> MatchRule:
    """A firm that was renamed in one of two records, which are held together since; two more that are plainly one."""
    seed()
    master("salesforce.accounts", account("A1", "Northgate Foods Ltd", **SAME))
    alike = rename("Northgate Foods Ltd", 2).probability
    drifted = rename("Northgate Catering Ltd", 3).probability
    rename("Northgate Foods Ltd", 4)
    between = activate(match=(alike + drifted) / 2, review=drifted / 2)
    master(
        "salesforce.accounts", account("A2", "Northgate Catering Ltd", **SAME, SystemModstamp="2026-03-05")
    )
    for number in (1, 2):
        master("salesforce.accounts", account(f"B{number}", "Quellwasser Brunnen Ltd", Phone="+441134960000"))
    assert sorted(map(len, living().values())) == [2, 2]
    return between


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    match=st.floats(0.3, 0.999999),
    below=st.floats(0.01, 0.99),
    prior=st.none() | st.floats(-30, 5),
    cap=st.none() | st.integers(2, 50),
)
def test_activating_any_draft_and_rolling_back_restores_the_golden_records(
    renamed: MatchRule, match: float, below: float, prior: float | None, cap: int | None
) -> None:
    with transaction.atomic():
        before = set(living().values())
        rematch_entity(entity_name="customer")
        assert set(living().values()) == before
        activate(match=match, review=match * below, prior=prior, cap=cap)
        roll_back_match_rule(entity_name="customer", now=utcnow())
        follow()
        assert set(living().values()) == before
        rematch_entity(entity_name="customer")
        assert set(living().values()) == before
        transaction.set_rollback(True)


def test_a_held_pair_returns_with_its_version_and_the_simulation_says_so(renamed: MatchRule) -> None:
    before = living()
    activate(match=0.999999, review=0.99999)
    assert sorted(map(len, living().values())) != [2, 2]
    assert HeldPair.objects.get().rule_version == renamed.version
    told = simulate_rules(match_rule=renamed.pk, now=utcnow()).report

    roll_back_match_rule(entity_name="customer", now=utcnow())
    parted = len(living())
    follow()

    assert set(living().values()) == set(before.values())
    assert len(told.merged) == parted - len(before)
    assert only(ComparedPair.objects.filter(held=True)).rule_version == renamed.version
    assert not HeldPair.objects.filter(rule_version=renamed.version).exists()


def test_what_became_unlike_meanwhile_is_not_held_again(renamed: MatchRule) -> None:
    activate(match=0.999999, review=0.99999)
    other = {
        "BillingCity": "Cork",
        "BillingPostalCode": "T12",
        "BillingCountry": "IE",
        "Phone": "+353214960000",
    }
    master("salesforce.accounts", account("A2", "Zephyr Optics", **other, SystemModstamp="2026-03-06"))

    roll_back_match_rule(entity_name="customer", now=utcnow())
    follow()

    assert sorted(map(len, living().values())) == [1, 1, 2]
    assert not HeldPair.objects.filter(rule_version=renamed.version).exists()
