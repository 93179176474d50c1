"""Laws of merging, on a real database and through the real verbs: a short run always, a long one with --full."""

import itertools
from collections.abc import Sequence
from random import Random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from apps.golden.registry import entity
from apps.pipeline.services import run_pending
from apps.sources.models import Crosswalk
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import compare_records, propose_values
from tests.hub import (
    NOW,
    Row,
    account,
    document_of,
    erp_customer,
    home_of,
    land,
    master,
    seed,
    state_of_golden_data,
)
from tests.stewardship.laws import NAMES, Hub

pytestmark = pytest.mark.django_db

SHORT = settings(
    max_examples=2,
    stateful_step_count=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)


class GovernedHub(Hub):
    """The same with the shipped approval policy: what alters approved values waits."""

    policy = True


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.mark.parametrize("hub", [Hub, GovernedHub])
def test_whatever_people_and_systems_do(hub: type[Hub]) -> None:
    run_state_machine_as_test(hub, settings=SHORT)


@pytest.mark.full
@pytest.mark.parametrize("hub", [Hub, GovernedHub])
def test_whatever_people_and_systems_do_for_long(hub: type[Hub]) -> None:
    run_state_machine_as_test(hub, settings=LONG)


ROWS = (
    (
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd", Website="zephyr.example", Phone="+442079460001"),
    ),
    (
        "netsuite.customers",
        erp_customer("E1", "Zephyr Mills Limited", url="zephyr.example", phone="+442079460001"),
    ),
    ("salesforce.accounts", account("A2", "Quantock Advisory Ltd", ParentId="A1")),
    ("salesforce.accounts", account("A3", "Blue Ridge Holding plc", ParentId="A2")),
)


def test_the_order_of_arrival_does_not_matter() -> None:
    ApprovalPolicy.objects.update(status="retired")
    orders = list(itertools.permutations(range(len(ROWS))))
    states = [arrived([ROWS[at] for at in order]) for order in orders[::5]]
    assert len(states[0]) == 3
    assert all(state == states[0] for state in states)


FACTS = st.builds(
    lambda system, key, name, above, day: fact(system, key, name, above, day),
    st.sampled_from(["crm", "crm", "erp"]),
    st.integers(0, 3),
    st.sampled_from(NAMES),
    st.none() | st.integers(0, 3),
    st.integers(1, 28),
)


def fact(system: str, key: int, name: str, above: int | None, day: int) -> tuple[str, Row]:
    """Return what a system tells of a customer on a day: layout and row."""
    stamp = f"2026-02-{day:02}T00:00:00Z"
    if system == "erp":
        return "netsuite.customers", erp_customer(f"E{key}", name, entityId=f"C{key}", lastModifiedDate=stamp)
    parent = {} if above is None else {"ParentId": f"A{above}"}
    return "salesforce.accounts", account(f"A{key}", name, SystemModstamp=stamp, Status__c="Active", **parent)


def told_once(facts: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
    """Leave out a second fact on one record and day: which of them is true, nobody could tell."""
    return list(
        {(layout, row.get("Id") or row["id"], stamp_of(row)): (layout, row) for layout, row in facts}.values()
    )


def stamp_of(row: Row) -> str:
    return str(row.get("SystemModstamp") or row["lastModifiedDate"])


def any_order_comes_to_the_same(facts: list[tuple[str, Row]], orders: list[Random]) -> None:
    ApprovalPolicy.objects.update(status="retired")
    told = told_once(facts)
    first = arrived(told)
    for chance in orders:
        again = list(told)
        chance.shuffle(again)
        assert arrived(again) == first


ORDERS = st.lists(st.randoms(use_true_random=False), min_size=2, max_size=2)


@settings(SHORT, max_examples=4)
@given(st.lists(FACTS, min_size=3, max_size=6), ORDERS)
def test_facts_come_to_the_same_in_any_order(facts: list[tuple[str, Row]], orders: list[Random]) -> None:
    any_order_comes_to_the_same(facts, orders)


@pytest.mark.full
@settings(LONG, max_examples=150)
@given(st.lists(FACTS, min_size=3, max_size=10), ORDERS)
def test_many_facts_come_to_the_same_in_any_order(facts: list[tuple[str, Row]], orders: list[Random]) -> None:
    any_order_comes_to_the_same(facts, orders)


def arrived(facts: Sequence[tuple[str, Row]]) -> set[tuple[frozenset[tuple[str, str]], str]]:
    with transaction.atomic():
        for layout, row in facts:
            land(layout, row)
            run_pending()
        state = state_of_golden_data("customer")
        # Ids are of this hub: a record that is referred to is called by its members.
        homes: dict[str, str] = {}
        for record, key in Crosswalk.objects.order_by("key").values_list("record_id", "key"):
            homes[str(record)] = homes.get(str(record), "") + key
        state = {(members, _called(text, homes)) for members, text in state}
        transaction.set_rollback(True)
    return state


def _called(text: str, homes: dict[str, str]) -> str:
    for record, called in homes.items():
        text = text.replace(record, called)
    return text


def test_a_reference_that_closes_a_cycle_is_refused_again_when_all_is_computed_again() -> None:
    """The steward's later link loses, in the record's own plan and among all of them."""
    ApprovalPolicy.objects.update(status="retired")
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"), account("A2", "Quantock Advisory Ltd"))
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    for child, parent in ((one, other), (other, one)):
        propose_values(record_id=child, values={"parent": str(parent)}, reason="told", now=NOW)
    assert document_of(one)["parent"] == str(other)
    assert "parent" not in document_of(other)
    assert compare_records(entity("customer"), sorted([one, other]), now=NOW) == []
