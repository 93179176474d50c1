"""References that an approver is asked about count as stored: what stands beside them is what a rebuild computes."""

import itertools
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.golden.registry import entity
from apps.mastering.models import RefusedReference
from apps.pipeline.services import run_pending
from apps.stewardship.models import ApprovalPolicy, ChangeRequest
from apps.stewardship.services import approve_request, compare_records, reject_request
from tests.hub import NOW, account, document_of, home_of, land, only, seed

pytestmark = pytest.mark.django_db

FIRMS = {
    "A1": "Zephyr Mills Ltd",
    "A2": "Quantock Advisory Ltd",
    "A3": "Blue Ridge Holding plc",
    "A4": "Umbra Ships",
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Every change of a parent waits for an approver."""
    seed()
    policy = ApprovalPolicy.objects.latest("version")
    policy.rules.all().delete()
    policy.rules.create(entity="customer", group="relationships", states=[])


def tell(**told: tuple[str, int]) -> None:
    """Land accounts with the key of their parent and the day it was told, and master them, all in one batch."""
    rows = [
        account(
            key,
            FIRMS[key],
            SystemModstamp=f"2026-02-{day:02}T00:00:00Z",
            **({"ParentId": parent} if parent else {}),
        )
        for key, (parent, day) in told.items()
    ]
    land("salesforce.accounts", *rows)
    run_pending()


def home(key: str) -> UUID:
    return home_of("salesforce", "customer", key)


def parents(*keys: str) -> dict[str, str | None]:
    found = {str(home(key)): key for key in keys}
    return {key: found.get(document_of(home(key)).get("parent", "")) for key in keys}


def refused() -> set[UUID]:
    return set(RefusedReference.objects.values_list("record_id", flat=True))


def asked() -> ChangeRequest:
    request: ChangeRequest = only(ChangeRequest.objects.filter(status="pending"))
    return request


def assert_proven(*keys: str) -> None:
    """A rebuild finds nothing, whichever records it computes together."""
    ids = [home(key) for key in keys]
    for size in range(1, len(ids) + 1):
        for some in itertools.combinations(ids, size):
            assert compare_records(entity("customer"), some, now=NOW) == []


def test_a_new_record_whose_reference_meets_a_held_one() -> None:
    keys = ("A1", "A2", "A3")
    tell(A3=("", 1), A2=("A3", 1))
    tell(A1=("A2", 5), A2=("A1", 2))
    assert asked().record_id == home("A2")
    assert_proven(*keys)
    reject_request(request_id=asked().pk, reason="no", now=NOW)
    assert parents(*keys) == {"A1": "A2", "A2": "A3", "A3": None}
    assert refused() == set()
    assert_proven(*keys)


def test_a_new_record_gives_way_when_the_held_reference_is_approved() -> None:
    keys = ("A1", "A2", "A3")
    tell(A3=("", 1), A2=("A3", 1))
    tell(A1=("A2", 5), A2=("A1", 2))
    approve_request(request_id=asked().pk, reason="seen", now=NOW)
    assert parents(*keys) == {"A1": None, "A2": "A1", "A3": None}
    assert refused() == {home("A1")}
    assert_proven(*keys)


def test_a_reference_that_would_meet_the_stored_value_of_a_held_one_is_left_out() -> None:
    """Both come in one batch: A1 turns from A2 to A3, which waits, while A2 turns to A1."""
    keys = ("A1", "A2", "A3")
    tell(A3=("", 1), A2=("", 1))
    tell(A1=("A2", 1))
    tell(A1=("A3", 2), A2=("A1", 2))
    assert asked().record_id == home("A1")
    assert parents(*keys) == {"A1": "A2", "A2": None, "A3": None}
    assert refused() == {home("A2")}
    assert_proven(*keys)

    reject_request(request_id=asked().pk, reason="no", now=NOW)
    assert_proven(*keys)
    assert parents(*keys) == {"A1": "A2", "A2": None, "A3": None}


def test_a_reference_left_out_for_a_held_one_stands_once_that_is_approved() -> None:
    keys = ("A1", "A2", "A3")
    tell(A3=("", 1), A2=("", 1))
    tell(A1=("A2", 1))
    tell(A1=("A3", 2), A2=("A1", 2))
    approve_request(request_id=asked().pk, reason="seen", now=NOW)
    assert parents(*keys) == {"A1": "A3", "A2": "A1", "A3": None}
    assert refused() == set()
    assert_proven(*keys)


def test_of_a_circle_of_held_references_each_may_be_answered() -> None:
    keys = ("A1", "A2", "A3", "A4")
    tell(A3=("", 1), A4=("", 1), A1=("A3", 1), A2=("A3", 1))
    tell(A1=("A2", 3), A2=("A1", 4))
    waiting = {request.record_id: request.pk for request in ChangeRequest.objects.filter(status="pending")}
    assert set(waiting) == {home("A1"), home("A2")}
    assert_proven(*keys)
    reject_request(request_id=waiting[home("A1")], reason="no", now=NOW)
    assert_proven(*keys)
    approve_request(request_id=waiting[home("A2")], reason="seen", now=NOW)
    assert parents(*keys) == {"A1": "A3", "A2": "A1", "A3": None, "A4": None}
    assert_proven(*keys)


def test_what_a_record_says_beside_a_held_reference_is_taken() -> None:
    """A record of the circle that turns elsewhere does not wait for the answer about another one."""
    keys = ("A1", "A2", "A3", "A4")
    tell(A3=("", 1), A4=("", 1), A1=("A3", 1), A2=("A1", 5))
    tell(A1=("A2", 2))
    assert asked().record_id == home("A1")
    ApprovalPolicy.objects.get(status="active").rules.all().delete()
    tell(A2=("A4", 6))
    assert parents(*keys) == {"A1": "A3", "A2": "A4", "A3": None, "A4": None}
    assert_proven(*keys)


PARENTS = st.sampled_from(("", *FIRMS))
BATCH = st.dictionaries(st.sampled_from(sorted(FIRMS)), PARENTS, min_size=1, max_size=4)
ANSWER = st.sampled_from((approve_request, reject_request))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.one_of(BATCH, ANSWER), min_size=2, max_size=7))
def test_whatever_is_told_and_answered_is_what_a_rebuild_computes(steps: list[Any]) -> None:
    """Nothing leads back, every request can be answered, and what is stored does not depend on what is looked at."""
    with transaction.atomic():
        tell(**dict.fromkeys(FIRMS, ("", 1)))
        for day, step in enumerate(steps, start=2):
            waiting = ChangeRequest.objects.filter(status="pending").order_by("pk").first()
            if isinstance(step, dict):
                tell(**{key: (parent if parent != key else "", day) for key, parent in step.items()})
            elif waiting:
                step(request_id=waiting.pk, reason="seen", now=NOW)
            assert_proven(*FIRMS)
            transaction.get_connection().check_constraints()
        transaction.set_rollback(True)
