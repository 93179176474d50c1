"""Open invoices on different receivables accounts of one company: customers become one only if an approver agrees."""

from typing import Any
from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.golden.registry import entity
from apps.mastering.services import NeedsApprover, find_vetoes
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import approve_operation, merge_records, propose_merge
from tests.hub import NOW, as_user, document_of, erp_customer, home_of, live, master, seed

pytestmark = pytest.mark.django_db


def owing(key: str, name: str, account: str) -> Any:
    terms = {"subsidiary": {"refName": "UK01"}, "receivablesAccount": {"refName": account}}
    return erp_customer(key, name, subsidiaryTerms={"items": [terms]})


def invoice(key: str, customer: str, open_amount: str, day: str = "2026-02-01") -> dict[str, Any]:
    return {
        "id": key, "tranId": f"INV-{key}", "entity": {"id": customer}, "subtotal": "100", "taxTotal": "20",
        "total": "120", "amountRemaining": open_amount, "currency": {"refName": "GBP"},
        "subsidiary": {"refName": "UK01"}, "lastModifiedDate": f"{day}T00:00:00Z",
        "status": {"refName": "Paid In Full" if open_amount == "0" else "Open"},
    }  # fmt: skip


@pytest.fixture
def two() -> list[UUID]:
    seed()
    ApprovalPolicy.objects.update(status="retired")
    master("netsuite.customers", owing("1", "Zephyr Mills Ltd", "1102 AR UK01"))
    master("netsuite.customers", owing("2", "Quantock Advisory Ltd", "1105 AR UK01"))
    master("netsuite.invoices", invoice("7", "1", "120"), invoice("8", "2", "60"), invoice("9", "2", "120"))
    return [home_of("netsuite", "customer", key) for key in ("1", "2")]


def test_the_veto_names_accounts_and_amounts_and_an_approver_may_lift_it(two: list[UUID]) -> None:
    [[veto]] = find_vetoes(entity("customer"), [two])
    assert (veto.code, veto.absolute) == ("open_items", False)
    assert "1102 AR UK01 and 1105 AR UK01" in veto.message
    assert veto.detail == "1102 AR UK01: 1 invoice, GBP 120.00; 1105 AR UK01: 2 invoices, GBP 180.00"
    for method in ("match", "steward"):
        with pytest.raises(NeedsApprover, match="open invoices in UK01"):
            merge_records(record_ids=two, method=method, reason="one firm", now=NOW)
    asked = propose_merge(record_ids=two, reason="one firm", now=NOW).request_id
    assert asked is not None
    master(
        "netsuite.invoices", invoice("9", "2", "20", "2026-02-02")
    )  # part of it was paid: still the same question
    anna = create_user(username="anna", roles=[Role.APPROVER])
    with as_user("anna", anna.pk):
        survivor = approve_operation(request_id=asked, reason="one account closes", now=NOW)
    assert live("customer") == [survivor]
    assert {document_of(each)["bill_to"] for each in live("invoice")} == {str(survivor)}


def test_without_open_items_on_one_side_nothing_speaks_against_it(two: list[UUID]) -> None:
    master("netsuite.invoices", invoice("7", "1", "0", "2026-02-02"))
    assert find_vetoes(entity("customer"), [two]) == [[]]
    merge_records(record_ids=two, method="steward", reason="one firm", now=NOW)
