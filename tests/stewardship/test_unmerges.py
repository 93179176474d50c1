"""Taking apart what became one: pins, proposals, children and target ids go to the side they belong to."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.core.clock import utcnow
from apps.core.errors import Conflict, Invalid
from apps.golden.models import GoldenRecord
from apps.mastering.contracts import Choices
from apps.mastering.models import Merge, Pin, Unmerge
from apps.mastering.services import MergeVetoed, NeedsApprover
from apps.matching.models import PairDecision
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import rematch_entity
from apps.stewardship.models import ApprovalPolicy, ChangeRequest, MergeRequest
from apps.stewardship.services import (
    OwnRequest,
    approve_operation,
    merge_records,
    offers_for,
    propose_merge,
    propose_unmerge,
    propose_values,
    rehearse_merge,
    rehearse_unmerge,
    reject_operation,
    undo_merge,
)
from tests.hub import NOW, account, as_user, document_of, home_of, live, master, only, seed
from tests.stewardship.test_merges import opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.fixture
def merged() -> tuple[UUID, UUID, Merge]:
    """A customer A that B was merged into, and the merge."""
    ApprovalPolicy.objects.update(status="retired")
    master(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd", Website="zephyr.example", Segment__c="Tin"),
        account("A2", "Quantock Advisory Ltd", Website="quantock.example"),
    )
    master("salesforce.opportunities", opportunity("O1", "A1"), opportunity("O2", "A2"))
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    # The pipeline keeps the time of the day: what it brought before the merge must be older.
    survivor = merge_records(record_ids=[one, other], method="steward", reason="one firm", now=utcnow())
    return survivor, other if survivor == one else one, only(Merge.objects.all())


def pin(record: UUID, **values: object) -> None:
    propose_values(record_id=record, values=values, reason="agreed", now=NOW)


def test_a_pin_set_since_goes_to_the_side_that_is_chosen(merged: tuple[UUID, UUID, Merge]) -> None:
    survivor, loser, merge = merged
    pin(survivor, industry="nace:24", segment="Gold", currency="EUR")
    pins = {each.attribute: each.pk for each in Pin.objects.all()}
    choices = Choices(pins={pins["industry"]: "away", pins["segment"]: "both"})
    undo_merge(merge_id=merge.pk, reason="two", now=NOW, choices=choices)
    assert (document_of(loser)["industry"], document_of(loser)["segment"]) == ("nace:24", "Gold")
    assert "industry" not in document_of(survivor)
    assert (document_of(survivor)["segment"], document_of(survivor)["currency"]) == ("Gold", "EUR")
    assert only(Unmerge.objects.all()).choices["pins"][str(pins["currency"])] == "home"


def test_a_pin_that_leaves_lets_the_one_hold_again_that_it_replaced() -> None:
    ApprovalPolicy.objects.update(status="retired")
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"), account("A2", "Quantock Advisory Ltd"))
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    for record in (one, other):
        pin(record, industry="nace:13")
    survivor = merge_records(record_ids=[one, other], method="steward", reason="", now=NOW)
    later = NOW + timedelta(hours=1)
    propose_values(record_id=survivor, values={"industry": "nace:24"}, reason="x", now=later)
    newest = Pin.objects.get(value="nace:24")
    undo_merge(
        merge_id=Merge.objects.get().pk, reason="two", now=later, choices=Choices(pins={newest.pk: "away"})
    )
    away = other if survivor == one else one
    assert document_of(survivor)["industry"] == "nace:13"
    assert document_of(away)["industry"] == "nace:24"


def test_evidence_suggests_the_side_of_a_member_that_says_the_same(merged: tuple[UUID, UUID, Merge]) -> None:
    survivor, loser, merge = merged
    away_says = (
        "quantock.example" if document_of(survivor)["domain"] == "zephyr.example" else "zephyr.example"
    )
    pin(survivor, domain=away_says)
    _, offers = offers_for(merge_id=merge.pk)
    assert [(each.kind, each.attribute, each.side) for each in offers] == [("pin", "domain", "away")]
    undo_merge(merge_id=merge.pk, reason="two", now=NOW)
    assert only(Pin.objects.filter(ended_at__isnull=True)).record_id == loser


def test_children_go_where_their_sources_say_unless_a_person_says_otherwise(
    merged: tuple[UUID, UUID, Merge],
) -> None:
    _survivor, loser, merge = merged
    master("salesforce.opportunities", opportunity("O3", "A1"), opportunity("O4", "A2"))
    third, fourth = (home_of("salesforce", "engagement", key) for key in ("O3", "O4"))
    _, offers = offers_for(merge_id=merge.pk)
    sides = {each.record_id: each.side for each in offers if each.kind == "child"}
    assert sorted(sides.values()) == ["away", "home"]
    stays = next(record for record in (third, fourth) if sides[record] == "home")
    leaves = next(record for record in (third, fourth) if sides[record] == "away")
    undo_merge(
        merge_id=merge.pk, reason="two", now=NOW, choices=Choices(children={(stays, "customer"): "away"})
    )
    assert document_of(stays)["customer"] == document_of(leaves)["customer"] == str(loser)


def test_a_proposal_goes_with_its_record_and_comes_back() -> None:
    olga = create_user(username="olga", roles=[Role.DATA_OWNER])
    rows = [
        account(k, n, Status__c="Active")
        for k, n in (("A1", "Zephyr Mills Ltd"), ("A2", "Quantock Advisory Ltd"))
    ]
    master("salesforce.accounts", *rows)
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    with as_user("olga", olga.pk):
        for record in (one, other):
            propose_values(record_id=record, values={"legal_name": "Zephyr plc"}, reason="brand", now=NOW)
    survivor = merge_records(record_ids=[one, other], method="steward", reason="", now=NOW)
    assert set(ChangeRequest.objects.filter(status="pending").values_list("record_id", flat=True)) == {
        survivor
    }
    undo_merge(merge_id=Merge.objects.get().pk, reason="two", now=NOW)
    waiting = ChangeRequest.objects.filter(status="pending").values_list("record_id", "asked_of")
    assert set(waiting) == {(one, None), (other, None)}


def test_both_stay_apart_through_a_re_match_and_a_merge_by_hand_is_the_undo(
    merged: tuple[UUID, UUID, Merge],
) -> None:
    survivor, loser, merge = merged
    undo_merge(merge_id=merge.pk, reason="two", now=NOW)
    rematch_entity(entity_name="customer")
    assert sorted(live("customer")) == sorted([survivor, loser])
    again = merge_records(record_ids=[survivor, loser], method="steward", reason="one after all", now=NOW)
    assert live("customer") == [again]
    assert not PairDecision.objects.filter(verdict="never", withdrawn_at__isnull=True).exists()


def test_a_rehearsal_shows_everything_and_leaves_nothing(merged: tuple[UUID, UUID, Merge]) -> None:
    survivor, loser, merge = merged
    before = (document_of(survivor), OutboxEvent.objects.count(), GoldenRecord.history.count())
    with rehearse_unmerge(merge_id=merge.pk, choices=Choices(), now=NOW) as (parting, correlation):
        assert (parting.home, parting.away) == (survivor, loser)
        assert OutboxEvent.objects.filter(correlation_id=correlation, record=loser, type="revived").exists()
    assert (document_of(survivor), OutboxEvent.objects.count(), GoldenRecord.history.count()) == before
    undo_merge(merge_id=merge.pk, reason="two", now=NOW)
    count = OutboxEvent.objects.count()
    with rehearse_merge(record_ids=[survivor, loser], now=NOW) as (winner, _):
        assert GoldenRecord.objects.get(pk=loser if winner == survivor else survivor).status == "merged"
    assert (sorted(live("customer")), OutboxEvent.objects.count()) == (sorted([survivor, loser]), count)


def two_with_tax_ids() -> list[UUID]:
    rows = [
        account("A1", "Zephyr Mills Ltd", VAT__c="GB980780684", Tax_Country__c="GB"),
        account("A2", "Quantock Advisory Ltd", VAT__c="GB100000034", Tax_Country__c="GB"),
    ]
    master("salesforce.accounts", *rows)
    return live("customer")


def test_differing_tax_ids_forbid_rules_and_ask_a_person_for_an_approver() -> None:
    steward = create_user(username="olga", roles=[Role.DATA_OWNER])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    ids = two_with_tax_ids()
    with pytest.raises(NeedsApprover):
        merge_records(record_ids=ids, method="match", reason="", now=NOW)
    with as_user("olga", steward.pk):
        asked = propose_merge(record_ids=ids, reason="one number is old", now=NOW).request_id
        assert asked is not None
        assert propose_merge(record_ids=ids, reason="again", now=NOW).request_id == asked
        with pytest.raises(OwnRequest):
            approve_operation(request_id=asked, reason="mine", now=NOW)
    with as_user("anna", anna.pk):
        reject_operation(request_id=asked, reason="no proof", now=NOW)
    assert len(live("customer")) == 2
    assert MergeRequest.objects.get().status == "rejected"


def test_kin_over_any_number_of_levels_are_never_merged() -> None:
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"))
    master("salesforce.accounts", account("A2", "Quantock Advisory Ltd", ParentId="A1"))
    master("salesforce.accounts", account("A3", "Blue Ridge Holding plc", ParentId="A2"))
    ids = [home_of("salesforce", "customer", key) for key in ("A1", "A3")]
    with pytest.raises(MergeVetoed, match="parent"):
        propose_merge(record_ids=ids, reason="", now=NOW)


def test_an_unmerge_waits_where_the_policy_says_so(merged: tuple[UUID, UUID, Merge]) -> None:
    survivor, _, merge = merged
    policy = ApprovalPolicy.objects.order_by("-version").first()
    assert policy is not None
    ApprovalPolicy.objects.filter(pk=policy.pk).update(status="active")
    policy.rules.create(entity="customer", group="unmerge", states=[])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    asked = propose_unmerge(record_id=survivor, merge_id=merge.pk, reason="two", now=NOW).request_id
    assert asked is not None
    assert live("customer") == [survivor]
    with as_user("anna", anna.pk):
        approve_operation(request_id=asked, reason="right", now=NOW)
    assert len(live("customer")) == 2
    with pytest.raises(Conflict):
        undo_merge(merge_id=merge.pk, reason="again", now=NOW)


def test_a_merge_is_undone_by_the_policy_on_its_own_record(merged: tuple[UUID, UUID, Merge]) -> None:
    _, _, merge = merged
    master("salesforce.accounts", account("A9", "Granite Ferry plc"))
    stranger = home_of("salesforce", "customer", "A9")
    with pytest.raises(Invalid, match="no merge of that record"):
        propose_unmerge(record_id=stranger, merge_id=merge.pk, reason="two", now=NOW)
    with (
        pytest.raises(Invalid, match="no merge of that record"),
        rehearse_unmerge(now=NOW, merge_id=merge.pk, record_id=stranger, choices=Choices()),
    ):
        pass
    assert Unmerge.objects.count() == 0
