"""References that lead back to where they start: what stands depends on what was told, not on when."""

import itertools
from uuid import UUID

import pytest
from django.db import transaction

from apps.golden.registry import entity
from apps.mastering.models import Merge, Pin, RefusedReference
from apps.pipeline.services import run_pending
from apps.sources.models import RejectedRow
from apps.stewardship.models import ApprovalPolicy, ChangeRequest
from apps.stewardship.services import (
    approve_request,
    compare_records,
    merge_records,
    propose_values,
    reject_request,
    release_pin,
    undo_merge,
)
from tests.hub import NOW, account, document_of, home_of, land, live, only, seed

pytestmark = pytest.mark.django_db

FIRMS = {
    "A1": "Zephyr Mills Ltd",
    "A2": "Quantock Advisory Ltd",
    "A3": "Blue Ridge Holding plc",
    "A4": "Umbra Ships",
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")


def tell(key: str, above: str | None, day: int) -> None:
    stamp = f"2026-02-{day:02}T00:00:00Z"
    more = {"ParentId": above} if above else {}
    land("salesforce.accounts", account(key, FIRMS[key], SystemModstamp=stamp, **more))
    run_pending()


def home(key: str) -> UUID:
    return home_of("salesforce", "customer", key)


def parents() -> dict[str, str | None]:
    keys = {str(home(key)): key for key in FIRMS}
    return {key: keys.get(document_of(home(key)).get("parent", "")) for key in FIRMS}


def assert_proven() -> None:
    assert compare_records(entity("customer"), live("customer"), now=NOW) == []


def test_of_a_cycle_the_reference_told_last_is_left_out_in_whatever_order_it_arrives() -> None:
    told = (("A1", "A2", 3), ("A2", "A3", 1), ("A3", "A1", 2), ("A4", "A1", 4))
    states = []
    for order in list(itertools.permutations(told))[::5]:
        with transaction.atomic():
            for key, above, day in order:
                tell(key, above, day)
            states.append(parents())
            assert_proven()
            transaction.set_rollback(True)
    assert states == [{"A1": None, "A2": "A3", "A3": "A1", "A4": "A1"}] * 5


def test_a_reference_that_is_told_again_later_counts_as_told_later() -> None:
    for key in ("A3", "A4"):
        tell(key, None, 1)
    tell("A2", "A1", 1)
    tell("A1", "A2", 2)
    assert (parents()["A1"], parents()["A2"]) == (None, "A1")
    tell("A2", "A1", 3)
    assert (parents()["A1"], parents()["A2"]) == ("A2", None)
    assert_proven()


def test_a_reference_that_was_left_out_stands_as_soon_as_nothing_is_in_its_way() -> None:
    tell("A2", "A1", 1)
    tell("A1", "A2", 2)
    tell("A3", "A4", 1)
    tell("A4", None, 1)
    assert (parents()["A1"], parents()["A2"]) == (None, "A1")
    refused = only(RefusedReference.objects.all())
    assert (refused.record_id, refused.target_id) == (home("A1"), home("A2"))
    row = only(RejectedRow.objects.filter(code="cycle"))

    tell("A2", "A3", 3)

    assert (parents()["A1"], parents()["A2"]) == ("A2", "A3")
    row.refresh_from_db()
    assert (row.status, RefusedReference.objects.count()) == ("replayed", 0)
    assert_proven()


def test_what_a_person_says_outranks_what_a_system_told_before() -> None:
    tell("A2", "A1", 1)
    tell("A1", None, 1)
    done = propose_values(record_id=home("A1"), values={"parent": str(home("A2"))}, reason="told", now=NOW)
    keys = ("A1", "A2")
    found = {key: document_of(home(key)).get("parent") for key in keys}
    assert (found, done.changes[0].record_id) == ({"A1": str(home("A2")), "A2": None}, home("A1"))
    assert_proven()

    release_pin(pin_id=only(Pin.objects.all()).pk, reason="no more", now=NOW)
    assert {key: document_of(home(key)).get("parent") for key in keys} == {"A1": None, "A2": str(home("A1"))}
    assert_proven()


def test_a_reference_that_waits_for_an_answer_takes_nothing_from_another_record() -> None:
    """Both stand or fall together: the answer decides on both."""
    policy = ApprovalPolicy.objects.latest("version")
    ApprovalPolicy.objects.filter(pk=policy.pk).update(status="active")
    policy.rules.create(entity="customer", group="relationships", states=[])
    tell("A2", "A1", 5)
    tell("A3", None, 1)
    tell("A1", "A3", 1)
    before = {"A1": "A3", "A2": "A1"}

    tell("A1", "A2", 2)  # older than what A2 says, so that A2 would have to give way
    asked = only(ChangeRequest.objects.filter(status="pending"))
    assert {key: parents_of(key) for key in before} == before
    assert_proven()

    approve_request(request_id=asked.pk, reason="seen", now=NOW)
    assert {key: parents_of(key) for key in before} == {"A1": "A2", "A2": None}
    assert_proven()

    tell("A1", "A3", 6)
    reject_request(request_id=only(ChangeRequest.objects.filter(status="pending")).pk, reason="no", now=NOW)
    tell("A2", "A1", 7)
    assert {key: parents_of(key) for key in before} == {"A1": "A2", "A2": None}
    assert_proven()


def parents_of(key: str) -> str | None:
    keys = {str(home(each)): each for each in ("A1", "A2", "A3")}
    return keys.get(document_of(home(key)).get("parent", ""))


def test_a_merge_that_opens_a_cycle_and_its_undoing_are_the_identity() -> None:
    tell("A2", "A1", 1)
    tell("A1", "A2", 2)
    tell("A3", None, 3)
    tell("A4", "A2", 3)
    before = {record: document_of(record) for record in live("customer")}
    refused = refusals()

    merge_records(record_ids=[home("A1"), home("A3")], method="steward", reason="one firm", now=NOW)
    assert_proven()
    undo_merge(merge_id=Merge.objects.get().pk, reason="two firms", now=NOW)

    assert {record: document_of(record) for record in live("customer")} == before
    assert refusals() == refused
    assert_proven()


def refusals() -> set[tuple[UUID, UUID, tuple[UUID, ...]]]:
    rows = RefusedReference.objects.values_list("record_id", "target_id", "among")
    return {(record, target, tuple(among)) for record, target, among in rows}
