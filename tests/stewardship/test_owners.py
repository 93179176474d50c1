"""Owners are asked: by systems that challenge them, and by people who overrule their system; steps of a lifecycle."""

from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.core.errors import Denied
from apps.mastering.engine.ownership import Verdict
from apps.mastering.models import Pin, WriteVerdict
from apps.mastering.services import IllegalTransition, InvalidPin, OwnershipCell
from apps.pipeline.services import run_pending
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import (
    OwnRequest,
    WriteRefused,
    approve_request,
    propose_values,
    reject_request,
    release_expired_pins,
)
from tests.hub import NOW, as_user, document_of, only, seed
from tests.mastering.ruling import compute_again, crm_says, customer_of_two_systems, erp_says, rule

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=7)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.fixture
def steward() -> User:
    return create_user(username="stig", roles=[Role.STEWARD])


@pytest.fixture
def owner() -> User:
    """A data owner of the ERP only."""
    user = create_user(username="olga", roles=[Role.DATA_OWNER])
    user.owns = ["netsuite"]
    user.save()
    return user


def pending() -> ChangeRequest:
    found: ChangeRequest = only(ChangeRequest.objects.filter(status="pending"))
    return found


def challenged() -> object:
    rule({("name", "*"): OwnershipCell(("erp",), Verdict.CHALLENGE)})
    return customer_of_two_systems()


def test_a_challenge_asks_the_owner_and_changes_nothing(owner: User, steward: User) -> None:
    record = challenged()
    assert document_of(record)["legal_name"] == "From ERP"  # type: ignore[arg-type]  # a golden id
    request = pending()
    assert (request.kind, request.owner, request.requested_by) == ("challenge", "erp", "salesforce")
    assert (request.before, request.after) == ({"legal_name": "From ERP"}, {"legal_name": "From CRM"})
    compute_again()
    assert pending() == request
    approver = create_user(username="anna", roles=[Role.APPROVER])
    with as_user("anna", approver.pk), pytest.raises(Denied, match="data owner of 'erp'"):
        approve_request(request_id=request.pk, reason="", now=NOW)


def test_an_owner_takes_a_challenge_over(owner: User) -> None:
    record = challenged()
    with as_user("olga", owner.pk):
        approve_request(request_id=pending().pk, reason="they are right", now=NOW)
    assert document_of(record)["legal_name"] == "From CRM"  # type: ignore[arg-type]  # a golden id
    compute_again()
    assert not ChangeRequest.objects.filter(status="pending").exists()


def test_what_an_owner_turned_down_is_asked_again_only_when_it_changes(owner: User) -> None:
    challenged()
    with as_user("olga", owner.pk):
        reject_request(request_id=pending().pk, reason="no", now=NOW)
    compute_again()
    assert not ChangeRequest.objects.filter(status="pending").exists()
    crm_says("Another", 3)
    assert pending().after == {"legal_name": "Another"}
    erp_says("Another", 3)  # the owner's system follows: nothing is left to ask
    assert not ChangeRequest.objects.filter(status="pending").exists()


def test_a_person_who_overrules_a_system_of_record_asks_its_owner(owner: User, steward: User) -> None:
    record = customer_of_two_systems(crm={"Phone": "+44 20 7946 0001"})
    with as_user("stig", steward.pk):
        propose_values(record_id=record, values={"phone": "+44 20 7946 0002"}, reason="called them", now=NOW)
    request = pending()
    assert (request.kind, request.owner, request.pins) == ("change", "crm", {"phone": "+442079460002"})
    assert document_of(record)["phone"] == "+442079460001"
    with as_user("olga", owner.pk), pytest.raises(Denied):  # she answers for the ERP
        approve_request(request_id=request.pk, reason="", now=NOW)
    colin = create_user(username="colin", roles=[Role.DATA_OWNER])
    with as_user("stig", steward.pk), pytest.raises((OwnRequest, Denied)):
        approve_request(request_id=request.pk, reason="", now=NOW)
    with as_user("colin", colin.pk):
        approve_request(request_id=request.pk, reason="", now=NOW)
    assert document_of(record)["phone"] == "+442079460002"
    verdict = WriteVerdict.objects.get(writer="steward")
    assert (verdict.actor, verdict.groups["contact"][1:3]) == ("stig", ["challenge", "contact"])
    assert verdict.tried == {"phone": "+442079460002"}


def test_where_the_owner_says_nothing_or_gives_it_himself_a_value_is_pinned_at_once(
    owner: User, steward: User
) -> None:
    record = customer_of_two_systems(erp={"custentity_duns": "150483782"})
    with as_user("stig", steward.pk):
        propose_values(record_id=record, values={"segment": "Key", "trade_name": "Acme"}, reason="x", now=NOW)
    with as_user("olga", owner.pk):
        propose_values(record_id=record, values={"number": "C-9"}, reason="x", now=NOW)
    document = document_of(record)
    assert (document["segment"], document["number"], document["trade_name"]) == ("Key", "C-9", "Acme")
    assert not ChangeRequest.objects.exists()


def test_rules_can_refuse_peoples_values_or_keep_them_as_evidence(steward: User) -> None:
    people = {"steward": Verdict.REJECT}
    rule({("contact", "*"): OwnershipCell(("crm",), Verdict.ACCEPT, people)})
    rule({("account", "*"): OwnershipCell(("crm",), Verdict.ACCEPT, {"steward": Verdict.SHADOW})})
    record = customer_of_two_systems()
    with as_user("stig", steward.pk):
        with pytest.raises(WriteRefused, match="contact \\(rule contact v3\\)"):
            propose_values(record_id=record, values={"email": "a@b.example"}, reason="x", now=NOW)
        propose_values(record_id=record, values={"owner": "ann"}, reason="x", now=NOW)
    assert not Pin.objects.exists()
    assert "owner" not in document_of(record)
    rows = WriteVerdict.objects.filter(writer="steward").order_by("at", "pk")
    assert [row.outcomes for row in rows] == [["contact:reject", "reject"], ["account:shadow", "shadow"]]


def test_a_pin_expires_with_the_next_plan_and_with_the_daily_job(steward: User) -> None:
    record = customer_of_two_systems()
    with as_user("stig", steward.pk):
        with pytest.raises(InvalidPin, match="expired already"):
            propose_values(record_id=record, values={"segment": "A"}, reason="x", expires_at=NOW, now=NOW)
        propose_values(record_id=record, values={"segment": "A"}, reason="x", expires_at=LATER, now=NOW)
    pin = Pin.objects.get()
    assert (release_expired_pins(now=LATER - timedelta(seconds=1)), document_of(record)["segment"]) == (
        0,
        "A",
    )
    assert release_expired_pins(now=LATER + timedelta(hours=3)) == 1
    pin.refresh_from_db()
    assert pin.ended_at == LATER
    assert "segment" not in document_of(record)
    assert pin.history.count() == 2  # type: ignore[attr-defined]  # added by simple_history


def test_an_expired_pin_does_not_count_before_the_job_ran(steward: User) -> None:
    record = customer_of_two_systems()
    soon = NOW + timedelta(microseconds=1)
    with as_user("stig", steward.pk):
        propose_values(record_id=record, values={"segment": "A"}, reason="x", expires_at=soon, now=NOW)
    assert document_of(record)["segment"] == "A"
    erp_says("From ERP", 5)  # the pipeline runs by the clock, which is past that
    run_pending()
    compute_again()
    assert "segment" not in document_of(record)
    assert Pin.objects.get().ended_at is None


def test_people_follow_the_lifecycle_and_facts_are_flagged(steward: User) -> None:
    record = customer_of_two_systems("Active")
    with as_user("stig", steward.pk):
        with pytest.raises(IllegalTransition) as refused:
            propose_values(record_id=record, values={"status": "prospect"}, reason="x", now=NOW)
        assert refused.value.extra == {"allowed": ["hold", "dormant", "closed", "merged"]}
    crm_says("From CRM", 4, Status__c="Prospect")
    assert document_of(record)["status"] == "prospect"
    row = WriteVerdict.objects.filter(outcomes__contains=["flag:transition"]).get()
    assert (row.writer, row.tried["flag:transition"]) == ("salesforce", ["active", "prospect"])
