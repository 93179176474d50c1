"""What waits for an approver, or was refused by one, does not slip in with another decision."""

from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.golden.registry import entity
from apps.mastering.models import Merge
from apps.quality.services import standardize_records, store_standardized
from apps.sources.landing import source_record_id
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import (
    approve_request,
    merge_records,
    propose_values,
    reject_request,
    split_records,
    undo_merge,
)
from tests.hub import NOW, account, as_user, document_of, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def customer(key: str, name: str, day: int = 1, **fields: object) -> UUID:
    usual = {
        "Status__c": "Active",
        "SystemModstamp": f"2026-02-{day:02}",
        "Website": f"{key.lower()}.example",
    }
    master("salesforce.accounts", account(key, name, **{**usual, **fields}))
    return home_of("salesforce", "customer", key)


def pending() -> list[ChangeRequest]:
    return list(ChangeRequest.objects.filter(status="pending"))


def name_of(record: UUID) -> str:
    return str(document_of(record)["legal_name"])


def test_neither_merge_nor_unmerge_lets_a_held_change_in() -> None:
    one, other = customer("A1", "Zephyr Mills Ltd"), customer("A2", "Quantock Advisory Ltd")
    child = customer("A3", "Blue Ridge Holding plc", ParentId="A2")
    for key, name in (("A1", "Zephyr Works Ltd"), ("A3", "Red Ridge Holding plc")):
        customer(key, name, 2, **({"ParentId": "A2"} if key == "A3" else {}))
    assert len(pending()) == 2
    survivor = merge_records(record_ids=[one, other], method="steward", reason="one firm", now=NOW)
    assert document_of(child)["parent"] == str(survivor)
    assert (name_of(survivor), name_of(child)) == ("Zephyr Mills Ltd", "Blue Ridge Holding plc")
    undo_merge(merge_id=only(Merge.objects.all()).pk, reason="two firms", now=NOW)
    assert (name_of(survivor), name_of(child)) == ("Zephyr Mills Ltd", "Blue Ridge Holding plc")
    assert document_of(child)["parent"] == str(other)
    assert {request.record_id for request in pending()} == {one, child}


def test_split_does_not_let_a_held_change_in() -> None:
    golden = customer("A1", "Zephyr Mills Ltd", Website="zephyr.example", Phone="+442079460001")
    customer("A2", "Zephyr Mills Limited", Website="zephyr.example", Phone="+442079460001")
    assert home_of("salesforce", "customer", "A2") == golden
    before = name_of(golden)
    customer("A1", "Zephyr Works Ltd", 5, Website="zephyr.example", Phone="+442079460001")
    assert (name_of(golden), len(pending())) == (before, 1)
    split_records(
        record_id=golden,
        source_record_ids=[source_record_id("salesforce", "customer", "A2")],
        reason="a branch",
        now=NOW,
    )
    assert name_of(golden) == before


def test_request_on_a_record_that_is_merged_away_is_closed() -> None:
    one, other = customer("A1", "Zephyr Mills Ltd"), customer("A2", "Quantock Advisory Ltd")
    customer("A2", "Quantock Partners Ltd", 2)
    request = only(pending())
    assert request.record_id == other
    merge_records(record_ids=[one, other], method="steward", reason="one firm", now=NOW)
    request.refresh_from_db()
    assert request.status == "superseded"
    assert all(each.record_id in live("customer") for each in pending())


def test_approval_covers_only_what_the_approver_saw() -> None:
    """Another attribute of the group that a source changed, while the pipeline has not run yet, is not let through;
    nor does it keep a proposal from being approved."""
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    golden = customer("A1", "Zephyr Mills Ltd")
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd", Status__c="Active"))
    propose_values(record_id=golden, values={"trade_name": "Zephyr"}, reason="", now=NOW)
    with as_user("olga", olga.pk):
        propose_values(record_id=golden, values={"trade_name": "Zeph"}, reason="brand", now=NOW)
    request = only(pending())
    assert request.after == {"trade_name": "Zeph"}
    spec, said = entity("customer"), {"legal_name": "Zephyr Works Ltd", "status": "active"}
    [standard] = standardize_records(spec=spec, records=[said])
    source = source_record_id("salesforce", "customer", "A1")
    store_standardized(entity="customer", records=[(source, standard)], now=NOW)
    with as_user("anna", anna.pk):
        approve_request(request_id=request.pk, reason="", now=NOW)
    assert (name_of(golden), document_of(golden)["trade_name"]) == ("Zephyr Mills Ltd", "Zeph")
    assert only(pending()).after == {"legal_name": "Zephyr Works Ltd"}


def test_refused_proposal_can_be_made_again() -> None:
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    golden = customer("A1", "Zephyr Mills Ltd")
    for _ in range(2):
        with as_user("olga", olga.pk):
            propose_values(record_id=golden, values={"legal_name": "Zephyr plc"}, reason="", now=NOW)
        request = only(pending())
        with as_user("anna", anna.pk):
            reject_request(request_id=request.pk, reason="no proof", now=NOW)
    assert ChangeRequest.objects.filter(status="rejected").count() == 2
    history = ChangeRequest.history.filter(id=request.pk).order_by("history_id")
    assert list(history.values_list("history_type", "actor")) == [("+", "olga"), ("~", "anna")]


def test_a_proposal_waits_whatever_sources_say() -> None:
    """A source's change in the same group has a request of its own; each is answered by itself."""
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    golden = customer("A1", "Zephyr Mills Ltd")
    with as_user("olga", olga.pk):
        propose_values(record_id=golden, values={"legal_name": "Zephyr plc"}, reason="brand", now=NOW)
    customer("A1", "Zephyr Works Ltd", 5)
    brought, proposed = sorted(pending(), key=lambda each: bool(each.pins))
    assert (brought.after, proposed.after) == (
        {"legal_name": "Zephyr Works Ltd"},
        {"legal_name": "Zephyr plc"},
    )
    with as_user("anna", anna.pk):
        approve_request(request_id=proposed.pk, reason="seen the register", now=NOW)
    assert name_of(golden) == "Zephyr plc"
    assert pending() == []


def test_refused_proposal_leaves_the_sources_change_waiting() -> None:
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    golden = customer("A1", "Zephyr Mills Ltd")
    customer("A1", "Zephyr Works Ltd", 5)
    with as_user("olga", olga.pk):
        propose_values(record_id=golden, values={"legal_name": "Zephyr plc"}, reason="brand", now=NOW)
    proposed = next(each for each in pending() if each.pins)
    with as_user("anna", anna.pk):
        reject_request(request_id=proposed.pk, reason="no", now=NOW)
        approve_request(request_id=only(pending()).pk, reason="yes", now=NOW)
    assert name_of(golden) == "Zephyr Works Ltd"


def test_a_record_that_comes_back_is_held_to_what_it_was() -> None:
    """Deleted, and sent again with another name: the name waits for an approver like any other change."""
    golden = customer("A1", "Zephyr Mills Ltd")
    customer("A1", "Zephyr Mills Ltd", 3, IsDeleted=True)
    assert golden not in live("customer")
    customer("A1", "Zephyr Works Ltd", 5, IsDeleted=False)
    assert golden in live("customer")
    assert (name_of(golden), only(pending()).after) == (
        "Zephyr Mills Ltd",
        {"legal_name": "Zephyr Works Ltd"},
    )
