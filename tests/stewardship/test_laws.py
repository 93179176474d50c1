"""Laws of merging, on a real database and through the real verbs: a short run always, a long one with --full."""

import itertools

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from apps.golden.registry import entity
from apps.pipeline.services import run_pending
from apps.sources.models import Crosswalk
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import compare_records, propose_values
from tests.hub import (
    NOW,
    account,
    document_of,
    erp_customer,
    home_of,
    land,
    master,
    seed,
    state_of_golden_data,
)
from tests.stewardship.laws import Hub

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
    states = [arrived(order) for order in orders[::5]]
    assert len(states[0]) == 3
    assert all(state == states[0] for state in states)


def arrived(order: tuple[int, ...]) -> set[tuple[frozenset[tuple[str, str]], str]]:
    with transaction.atomic():
        for at in order:
            land(ROWS[at][0], ROWS[at][1])
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
