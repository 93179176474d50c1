"""Change requests through the API: listed, approved, rejected, never by whoever asked, never from a stale look."""

from collections.abc import Callable

import pytest

from apps.accounts.roles import Role
from apps.golden.models import GoldenRecord
from apps.stewardship.models import ChangeRequest
from tests.api.conftest import Caller
from tests.hub import account, document_of, live, master, only, seed


@pytest.fixture
def approver(caller: Callable[..., Caller]) -> Caller:
    return caller(Role.APPROVER)


@pytest.fixture
def waiting(db: None) -> ChangeRequest:
    """The CRM renames an active customer: that waits for an approver."""
    seed()
    master("salesforce.accounts", account("A1", "Acme Ltd", Status__c="Active", SystemModstamp="2026-02-01"))
    master(
        "salesforce.accounts",
        account("A1", "Acme Holding Ltd", Status__c="Active", SystemModstamp="2026-02-02"),
    )
    found: ChangeRequest = only(ChangeRequest.objects.filter(status="pending"))
    return found


def golden_name() -> str:
    return str(document_of(only(live("customer")))["legal_name"])


def test_requests_are_listed_with_both_sides(viewer: Caller, waiting: ChangeRequest) -> None:
    [found] = viewer.get("change-requests").json()["results"]
    assert (found["id"], found["group"], found["status"]) == (str(waiting.pk), "name", "pending")
    assert (found["before"]["legal_name"], found["after"]["legal_name"]) == ("Acme Ltd", "Acme Holding Ltd")
    assert viewer.get(f"change-requests/{waiting.pk}").json() == found
    assert viewer.get("change-requests?status=approved").json()["results"] == []
    assert viewer.get("change-requests?entity=invoice").json()["results"] == []
    assert viewer.get(f"change-requests?record={waiting.record_id}").json()["results"] == [found]


def test_an_approved_change_is_applied_in_the_approvers_name(
    approver: Caller, waiting: ChangeRequest
) -> None:
    response = approver.post(f"change-requests/{waiting.pk}/approve", {"reason": "seen the register"})
    assert response.status_code == 200, response.content
    assert (response.json()["status"], response.json()["decided_by"]) == ("approved", "approver")
    assert golden_name() == "Acme Holding Ltd"
    revision = approver.get(f"customers/{waiting.record_id}/history").json()["results"][0]
    assert (revision["actor"], revision["reason"]) == ("approver", "seen the register")
    again = approver.post(f"change-requests/{waiting.pk}/approve", {})
    assert (again.status_code, again.json()["code"]) == (409, "change_request_answered")


def test_a_rejected_change_is_not_applied(approver: Caller, waiting: ChangeRequest) -> None:
    unreasoned = approver.post(f"change-requests/{waiting.pk}/reject", {})
    assert (unreasoned.status_code, unreasoned.json()["errors"][0]["code"]) == (422, "required")
    response = approver.post(f"change-requests/{waiting.pk}/reject", {"reason": "a branch only"})
    assert (response.status_code, response.json()["status"]) == (200, "rejected")
    assert golden_name() == "Acme Ltd"


def test_a_stale_look_decides_nothing(approver: Caller, waiting: ChangeRequest) -> None:
    etag = approver.get(f"change-requests/{waiting.pk}")["ETag"]
    assert approver.get(f"change-requests/{waiting.pk}", If_None_Match=etag).status_code == 304
    stale = approver.post(f"change-requests/{waiting.pk}/approve", {}, If_Match='"approved-000000000000"')
    assert (stale.status_code, golden_name()) == (412, "Acme Ltd")
    fresh = approver.post(f"change-requests/{waiting.pk}/approve", {}, If_Match=etag)
    assert (fresh.status_code, golden_name()) == (200, "Acme Holding Ltd")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STEWARD, Role.INTEGRATION])
def test_others_may_not_answer(caller: Callable[..., Caller], waiting: ChangeRequest, role: Role) -> None:
    other = caller(role, name="other")
    for answer in ("approve", "reject"):
        response = other.post(f"change-requests/{waiting.pk}/{answer}", {"reason": "x"})
        assert (response.status_code, response.json()["code"]) == (403, "denied")
    assert (golden_name(), ChangeRequest.objects.get().status) == ("Acme Ltd", "pending")


def test_nobody_answers_his_own_request(approver: Caller, waiting: ChangeRequest) -> None:
    ChangeRequest.objects.filter(pk=waiting.pk).update(requested_by_id=approver.user.pk)
    response = approver.post(f"change-requests/{waiting.pk}/approve", {})
    assert (response.status_code, response.json()["code"]) == (403, "own_request")
    assert golden_name() == "Acme Ltd"


def test_requests_are_masked(viewer: Caller, approver: Caller, waiting: ChangeRequest) -> None:
    contacts = [{"role": "billing", "name": "Jane", "email": "jane@acme.com"}]
    ChangeRequest.objects.filter(pk=waiting.pk).update(after={"contacts": contacts})
    [found] = viewer.get("change-requests").json()["results"]
    assert found["after"] == {"contacts": [{"role": "billing", "name": None, "email": None}]}
    assert found["masked"] is True
    assert approver.get("change-requests").json()["results"][0]["after"]["contacts"] == contacts
    assert GoldenRecord.objects.count() == 1
