"""What stewards do to a golden record: each form calls its service, failures are told, policies hold."""

import pytest
from django.urls import reverse

from apps.accounts.roles import Role
from apps.golden.models import GoldenRecord
from apps.mastering.models import Merge, Pin
from apps.sources.models import Crosswalk
from apps.stewardship.models import ChangeRequest
from tests.console.golden import shared_customer, single_customer
from tests.console.signing import page, press, signed_in, told
from tests.hub import document_of, live, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def edit(record: object, group: str, **values: str) -> list[str]:
    """Save the edit form of a group as it stands, with these values changed."""
    client = signed_in(Role.STEWARD)
    address = f"{reverse('admin:golden_edit', args=('customer', record))}?group={group}"
    form = client.get(address).context["form"]
    filled = {field.name: field.initial or "" for field in form.value_fields}
    answer = client.post(address, {**filled, "reason": "the register says so", **values}, follow=True)
    return [
        *map(str, answer.context["messages"]),
        *map(str, answer.context.get("form", form).errors.values()),
    ]


def test_a_free_value_is_pinned_and_applied_at_once() -> None:
    record = single_customer()
    assert edit(record, "classification", segment="Enterprise") == ["Pinned and applied: segment."]
    assert document_of(record)["segment"] == "Enterprise"
    pin = only(Pin.objects.filter(record_id=record))
    assert (pin.attribute, pin.value, pin.reason, pin.pinned_by) == (
        "segment", "Enterprise", "the register says so", "the-steward",
    )  # fmt: skip


def test_a_governed_value_waits_for_an_approver() -> None:
    record = single_customer(Status__c="Active")
    messages = edit(record, "name", legal_name="Quantock Holding Ltd")
    assert messages == ["Not applied: waits for an approver or an owner, or is kept as evidence: legal name."]
    assert document_of(record)["legal_name"] == "Quantock Advisory Ltd"
    request = only(ChangeRequest.objects.filter(status="pending"))
    assert (request.pins, request.requested_by) == ({"legal_name": "Quantock Holding Ltd"}, "the-steward")


def test_what_is_no_value_is_refused_with_the_reason() -> None:
    record = single_customer()
    [message] = edit(record, "identity", lei="not a LEI")
    assert message.startswith("This value cannot be pinned")
    assert not Pin.objects.exists()


def test_a_change_needs_a_reason_and_something_changed() -> None:
    record = single_customer()
    assert "This field is required." in edit(record, "classification", segment="Enterprise", reason="")[0]
    assert edit(record, "classification") == ["Nothing was changed."]
    assert not Pin.objects.exists()


def test_a_reference_is_given_by_code() -> None:
    record, parent = single_customer(), single_customer("P1", "Zephyr Group plc")
    code = GoldenRecord.objects.get(pk=parent).code
    assert edit(record, "relationships", parent=code.lower()) == ["Pinned and applied: parent customer."]
    assert document_of(record)["parent"] == str(parent)
    assert "no live customer" in edit(record, "relationships", parent="CUS-999999")[0]


def test_merge_is_previewed_carried_out_and_undone() -> None:
    older, younger = single_customer(), single_customer("P1", "Zephyr Mills Ltd", Segment__c="Enterprise")
    client = signed_in(Role.STEWARD)
    preview = page(client, "golden_merge", "customer", younger, **{"with": str(older)})
    assert "What the merge would make" in preview
    assert "<ins>Enterprise</ins>" in preview
    assert len(live("customer")) == 2
    form = {"with": str(older), "reason": "same house"}
    assert told(client, "golden_merge", "customer", younger, **form)[0].startswith("Merged.")
    assert live("customer") == [older]
    merge = only(Merge.objects.all())
    assert (merge.survivor_id, merge.loser_id, merge.reason, merge.actor) == (
        older, younger, "same house", "the-steward",
    )  # fmt: skip
    undo = {"merge": str(merge.pk), "reason": "two houses after all"}
    preview = page(client, "golden_unmerge", "customer", older, merge=str(merge.pk))
    assert "salesforce:P1" in preview
    assert live("customer") == [older]
    assert told(client, "golden_unmerge", "customer", older, **undo)[0].startswith("Taken apart")
    assert sorted(live("customer")) == sorted([older, younger])
    assert told(client, "golden_unmerge", "customer", older, **undo)[0].startswith(
        "Somebody else changed this"
    )


def test_a_parent_is_not_merged_with_its_subsidiary() -> None:
    parent = single_customer("P1", "Zephyr Group plc")
    child = single_customer("P2", "Quantock Advisory Ltd", ParentId="P1")
    form = {"with": str(parent), "reason": "looks alike"}
    messages = told(signed_in(Role.STEWARD), "golden_merge", "customer", child, **form)
    assert messages[0].startswith("These records must not become one")
    assert len(live("customer")) == 2


def test_chosen_members_are_split_out() -> None:
    record = shared_customer()
    member = Crosswalk.objects.get(record_id=record, system="netsuite").pk
    client = signed_in(Role.STEWARD)
    form = {"member": str(member), "reason": "a namesake"}
    answer = press(client, "golden_unmerge", "customer", record, **form)
    new = Crosswalk.objects.get(pk=member).record_id
    assert new != record
    assert answer["Location"] == reverse("admin:golden_record", args=("customer", new))
    everything = {"member": str(Crosswalk.objects.get(record_id=record).pk), "reason": "all of it"}
    assert "Choose some, but not all" in told(client, "golden_unmerge", "customer", record, **everything)[-1]


def test_a_split_needs_a_reason() -> None:
    record = shared_customer()
    member = Crosswalk.objects.get(record_id=record, system="netsuite").pk
    answer = press(signed_in(Role.STEWARD), "golden_unmerge", "customer", record, member=str(member))
    assert "This field is required" in answer.content.decode()
    assert Crosswalk.objects.get(pk=member).record_id == record


def test_an_answer_to_no_request_is_told_as_a_fault() -> None:
    approver = signed_in(Role.APPROVER)
    assert told(approver, "merge_requests", request="all", answer="approve", reason="yes") == [
        "The input is not valid. This is no id; reload the page."
    ]
