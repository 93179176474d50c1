"""Change requests on screen: the diff, who may answer, nobody his own, many at once."""

from datetime import timedelta

import pytest

from apps.accounts.roles import Role
from apps.audit.context import Actor, acting
from apps.console.masking import Sight
from apps.console.requests.queue import differences_of
from apps.core.clock import utcnow
from apps.golden.registry import entity
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import propose_values
from tests.console.golden import single_customer, waiting_request
from tests.console.signing import page, person, signed_in, told
from tests.hub import NOW, document_of, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def own_request(name: str) -> ChangeRequest:
    """Return a request that a data owner asks for."""
    owner = person(Role.DATA_OWNER)
    record = single_customer("Z1", "Zephyr Mills Ltd", Status__c="Active")
    with acting(Actor(owner.username, owner.pk, "user")):
        propose_values(record_id=record, values={"legal_name": name}, reason="re-registered", now=NOW)
    found: ChangeRequest = only(ChangeRequest.objects.filter(record_id=record, status="pending"))
    return found


def test_the_queue_shows_what_would_change_and_what_is_overdue() -> None:
    request = waiting_request()
    client = signed_in(Role.APPROVER)
    html = page(client, "requests")
    assert "<del>Acme Ltd</del>" in html
    assert "<ins>Acme Holding Ltd</ins>" in html
    assert ">overdue<" not in html
    ChangeRequest.objects.filter(pk=request.pk).update(due_at=utcnow() - timedelta(hours=1))
    assert ">overdue<" in page(client, "requests")
    assert str(request.pk) in page(client, "requests", overdue="1")
    assert str(request.pk) not in page(client, "requests", status="approved")


def test_one_request_shows_differences_and_origins() -> None:
    request = waiting_request()
    [difference] = differences_of(
        request, Sight(entity("customer"), True), document_of(request.record_id)["provenance"]
    )
    assert "".join(text for _, text in difference.compared.left) == "Acme Ltd"
    assert not any(differs for differs, _ in difference.compared.left)
    assert difference.compared.right == ((False, "Acme "), (True, "Holding "), (False, "Ltd"))
    assert difference.origin is not None
    assert (difference.origin.system, difference.origin.key) == ("salesforce", "A9")
    assert difference.origin_before is not None


def test_an_approved_request_is_applied_by_the_approver() -> None:
    request = waiting_request()
    messages = told(signed_in(Role.APPROVER), "request", request.pk, answer="approve", reason="seen")
    assert messages == ["Approved: applied and on its way to the targets."]
    request.refresh_from_db()
    assert (request.status, request.decided_by, request.decision_reason) == (
        "approved",
        "the-approver",
        "seen",
    )
    assert document_of(request.record_id)["legal_name"] == "Acme Holding Ltd"


def test_a_rejection_needs_a_reason() -> None:
    request = waiting_request()
    client = signed_in(Role.APPROVER)
    assert told(client, "request", request.pk, answer="reject") == ["Say why it is rejected."]
    request.refresh_from_db()
    assert request.status == "pending"
    assert told(client, "request", request.pk, answer="reject", reason="no") == ["Rejected: kept as it was."]
    assert document_of(request.record_id)["legal_name"] == "Acme Ltd"


def test_nobody_answers_his_own_request_and_is_told_why() -> None:
    request = own_request("Zephyr Group plc")
    client = signed_in(Role.DATA_OWNER)
    assert "nobody answers his own request" in page(client, "request", request.pk)
    messages = told(client, "request", request.pk, answer="approve", reason="mine")
    assert messages == ["Nobody answers his own change request. Another approver has to answer it."]
    request.refresh_from_db()
    assert request.status == "pending"
    assert f'name="request" value="{request.pk}"' not in page(client, "requests")


def test_selected_requests_are_answered_one_by_one() -> None:
    other, own = waiting_request(), own_request("Zephyr Group plc")
    client = signed_in(Role.DATA_OWNER)
    messages = told(client, "requests", request=[str(other.pk), str(own.pk)], answer="approve", reason="both")
    assert messages == ["Approved 1 of 2.", "1 not answered: Another approver has to answer it."]
    other.refresh_from_db()
    own.refresh_from_db()
    assert (other.status, own.status) == ("approved", "pending")


def test_bulk_answers_need_a_choice() -> None:
    assert told(signed_in(Role.APPROVER), "requests", answer="approve") == ["Choose at least one request."]
