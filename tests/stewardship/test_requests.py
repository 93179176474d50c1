"""Governance: what needs an approver waits, nobody answers his own request, both are in the history."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.audit.models import AuditEvent
from apps.core.errors import Conflict, Denied
from apps.golden.models import GoldenRecord
from apps.mastering.models import Pin
from apps.outbox.models import OutboxEvent
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import (
    AnsweredAlready,
    OwnRequest,
    RequestOutdated,
    approve_request,
    propose_values,
    reject_request,
    release_pin,
)
from tests.hub import NOW, account, as_user, document_of, live, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.fixture
def owner() -> User:
    return create_user(username="olga", roles=[Role.DATA_OWNER])


@pytest.fixture
def approver() -> User:
    return create_user(username="anna", roles=[Role.APPROVER])


def rename(name: str, day: int) -> None:
    master("salesforce.accounts", account("A1", name, Status__c="Active", SystemModstamp=f"2026-02-{day:02}"))


@pytest.fixture
def request_() -> ChangeRequest:
    rename("Acme Ltd", 1)
    rename("Acme Holding Ltd", 2)
    return only(ChangeRequest.objects.filter(status="pending"))


def golden_name() -> str:
    return str(document_of(only(live("customer")))["legal_name"])


def test_change_of_an_active_record_waits(request_: ChangeRequest) -> None:
    assert golden_name() == "Acme Ltd"
    assert request_.before == {"legal_name": "Acme Ltd"}
    assert request_.after == {"legal_name": "Acme Holding Ltd"}
    assert request_.provenance["legal_name"]["system"] == "salesforce"
    assert OutboxEvent.objects.count() == 1


def test_approved_change_is_applied_with_its_event(request_: ChangeRequest, approver: User) -> None:
    with as_user("anna", approver.pk):
        approve_request(request_id=request_.pk, reason="register extract seen", now=NOW)
    assert golden_name() == "Acme Holding Ltd"
    assert list(OutboxEvent.objects.order_by("seq").values_list("seq", "actor")) == [
        (1, "system"),
        (2, "anna"),
    ]
    history = GoldenRecord.history.order_by("-history_id").first()
    assert (history.actor, history.history_user_id) == ("anna", approver.pk)
    assert AuditEvent.objects.filter(verb="approved change request", actor="anna").count() == 1
    assert ChangeRequest.history.filter(id=request_.pk).count() == 2
    rename("Acme Holding Ltd", 3)
    assert not ChangeRequest.objects.filter(status="pending").exists()


def test_rejected_change_does_not_come_back_until_the_source_says_something_else(
    request_: ChangeRequest, approver: User
) -> None:
    with as_user("anna", approver.pk):
        reject_request(request_id=request_.pk, reason="not registered", now=NOW)
    rename("Acme Holding Ltd", 4)
    assert golden_name() == "Acme Ltd"
    assert not ChangeRequest.objects.filter(status="pending").exists()
    rename("Acme Group Ltd", 5)
    assert only(ChangeRequest.objects.filter(status="pending")).after == {"legal_name": "Acme Group Ltd"}


def test_newer_change_supersedes_the_waiting_one(request_: ChangeRequest, approver: User) -> None:
    rename("Acme Group Ltd", 3)
    request_.refresh_from_db()
    assert request_.status == "superseded"
    with as_user("anna", approver.pk), pytest.raises(AnsweredAlready):
        approve_request(request_id=request_.pk, reason="", now=NOW)
    assert golden_name() == "Acme Ltd"


def test_change_that_vanishes_closes_its_request(request_: ChangeRequest) -> None:
    rename("Acme Ltd", 3)
    assert not ChangeRequest.objects.filter(status="pending").exists()


def test_nobody_answers_his_own_request(owner: User, approver: User) -> None:
    rename("Acme Ltd", 1)
    golden = only(live("customer"))
    with as_user("olga", owner.pk):
        propose_values(record_id=golden, values={"legal_name": "Acme plc"}, reason="re-registered", now=NOW)
        request = only(ChangeRequest.objects.filter(status="pending"))
        with pytest.raises(OwnRequest):
            approve_request(request_id=request.pk, reason="", now=NOW)
    assert golden_name() == "Acme Ltd"
    with as_user("anna", approver.pk):
        approve_request(request_id=request.pk, reason="", now=NOW)
    assert golden_name() == "Acme plc"
    assert document_of(golden)["provenance"]["legal_name"]["rule"] == "pinned"
    rename("Acme Something Ltd", 9)
    assert golden_name() == "Acme plc"


def test_the_database_too_refuses_the_requester_as_approver(request_: ChangeRequest) -> None:
    with pytest.raises(IntegrityError, match="change_request_four_eyes"), transaction.atomic():
        ChangeRequest.objects.filter(pk=request_.pk).update(
            status="approved", decided_at=NOW, requested_by_id=7, decided_by_id=7
        )


def test_only_approvers_answer_and_only_stewards_propose(request_: ChangeRequest, approver: User) -> None:
    steward = create_user(username="stig", roles=[Role.STEWARD])
    with as_user("stig", steward.pk), pytest.raises(Denied):
        approve_request(request_id=request_.pk, reason="", now=NOW)
    with as_user("anna", approver.pk), pytest.raises(Denied):
        propose_values(record_id=request_.record_id, values={"segment": "x"}, reason="", now=NOW)
    assert golden_name() == "Acme Ltd"


def test_free_value_is_pinned_at_once(owner: User) -> None:
    rename("Acme Ltd", 1)
    golden = only(live("customer"))
    with as_user("olga", owner.pk):
        propose_values(record_id=golden, values={"segment": "Enterprise"}, reason="agreed", now=NOW)
    assert document_of(golden)["segment"] == "Enterprise"
    assert not ChangeRequest.objects.exists()


def test_released_pin_lets_the_rules_decide_again(owner: User) -> None:
    rename("Acme Ltd", 1)
    golden = only(live("customer"))
    with as_user("olga", owner.pk):
        propose_values(record_id=golden, values={"segment": "Enterprise"}, reason="agreed", now=NOW)
        pin = Pin.objects.get()
        release_pin(pin_id=pin.pk, reason="no longer", now=NOW)
        assert "segment" not in document_of(golden)
        with pytest.raises(Conflict):
            release_pin(pin_id=pin.pk, reason="again", now=NOW)
    assert AuditEvent.objects.filter(verb="release pin", actor="olga").count() == 1


def test_outdated_request_is_not_applied(request_: ChangeRequest, approver: User) -> None:
    ChangeRequest.objects.filter(pk=request_.pk).update(after={"legal_name": "Something else"})
    with as_user("anna", approver.pk), pytest.raises(RequestOutdated):
        approve_request(request_id=request_.pk, reason="", now=NOW)
    assert golden_name() == "Acme Ltd"
