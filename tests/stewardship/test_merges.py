"""Merge and unmerge: members, values and references go and come back; never-match holds."""

from uuid import UUID

import pytest

from apps.audit.context import SYSTEM, acting
from apps.golden.models import GoldenRecord
from apps.mastering.models import Merge
from apps.mastering.services import MergeVetoed, NeedsApprover
from apps.matching.models import CandidatePair, PairDecision, PairStatus, Verdict
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import rematch_entity
from apps.sources.landing import source_record_id
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import PairAnswered, decide_pair, merge_records, split_records, undo_merge
from tests.hub import NOW, account, document_of, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")


def opportunity(key: str, customer: str) -> dict[str, object]:
    return {
        "Id": key, "Name": f"Roll-out {key}", "AccountId": customer, "Amount": "1000", "CurrencyIsoCode": "EUR",
        "IsWon": True, "StageName": "Closed Won", "Contract_Number__c": f"CT-{key}",
        "SystemModstamp": "2026-01-05T00:00:00Z",
    }  # fmt: skip


@pytest.fixture
def two() -> tuple[UUID, UUID]:
    """Two customers with an engagement each."""
    master(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd", Phone="+442079460001", Website="zephyr.example"),
        account("A2", "Quantock Advisory Ltd", Segment__c="Enterprise"),
    )
    master("salesforce.opportunities", opportunity("O1", "A1"), opportunity("O2", "A2"))
    return home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")


def everything() -> dict[str, object]:
    """Return all live golden documents with their provenance, the times of decisions included."""
    return {
        f"{name} {record}": document_of(record)
        for name in ("customer", "engagement")
        for record in live(name)
    }


def test_merge_then_unmerge_is_the_identity(two: tuple[UUID, UUID]) -> None:
    before = everything()
    survivor = merge_records(record_ids=list(two), method="steward", reason="one firm", now=NOW)
    assert len(live("customer")) == 1
    merge = only(Merge.objects.all())
    undo_merge(merge_id=merge.pk, reason="no, two firms", now=NOW)
    assert everything() == before
    assert {header.status for header in GoldenRecord.objects.filter(pk__in=two)} == {"live"}
    assert survivor in two


def test_references_follow_in_the_same_transaction(two: tuple[UUID, UUID]) -> None:
    survivor = merge_records(record_ids=list(two), method="steward", reason="one firm", now=NOW)
    customers = {document_of(record)["customer"] for record in live("engagement")}
    assert customers == {str(survivor)}


def test_loser_is_a_redirect_and_its_keys_lead_to_the_survivor(two: tuple[UUID, UUID]) -> None:
    survivor = merge_records(record_ids=list(two), method="steward", reason="one firm", now=NOW)
    loser = GoldenRecord.objects.get(pk=next(record for record in two if record != survivor))
    assert (loser.status, loser.merged_into_id) == ("merged", survivor)
    assert home_of("salesforce", "customer", "A1") == home_of("salesforce", "customer", "A2") == survivor
    event = OutboxEvent.objects.get(record=loser, type="merged")
    assert event.payload["merged_into"] == str(survivor)


def test_unmerged_records_stay_apart_through_a_re_match(two: tuple[UUID, UUID]) -> None:
    master(
        "salesforce.accounts",
        account("A3", "Zephyr Mills Limited", Phone="+442079460001", Website="zephyr.example"),
    )
    assert home_of("salesforce", "customer", "A3") == two[0]
    with acting(SYSTEM, reason="test"):
        away = split_records(
            record_id=two[0],
            source_record_ids=[CandidatePair.objects.get(status="auto").left_id],
            reason="a branch",
            now=NOW,
        )
    assert PairDecision.objects.filter(verdict="never").count() == 1
    rematch_entity(entity_name="customer")
    assert home_of("salesforce", "customer", "A3") != home_of("salesforce", "customer", "A1")
    assert away in live("customer")


def test_group_is_not_merged_with_its_subsidiary() -> None:
    master("salesforce.accounts", account("A1", "Zephyr Group plc"))
    master("salesforce.accounts", account("A2", "Quantock Advisory Ltd", ParentId="A1"))
    records = [home_of("salesforce", "customer", key) for key in ("A1", "A2")]
    with pytest.raises(MergeVetoed, match="parent"):
        merge_records(record_ids=records, method="steward", reason="", now=NOW)
    assert len(live("customer")) == 2


def pair_of(one: UUID, other: UUID) -> CandidatePair:
    left, right = sorted((one, other))
    return CandidatePair.objects.create(
        entity="customer", left_id=left, right_id=right, probability=0.5, weight=0.0, evidence=[], rule_version=1,
        status=PairStatus.OPEN, found_at=NOW,
    )  # fmt: skip


def sources() -> tuple[UUID, UUID]:
    return source_record_id("salesforce", "customer", "A1"), source_record_id("salesforce", "customer", "A2")


def test_match_decision_merges_and_binds(two: tuple[UUID, UUID]) -> None:
    pair = pair_of(*sources())
    survivor = decide_pair(pair_id=pair.pk, verdict=Verdict.MATCH, reason="same register number", now=NOW)
    assert only(live("customer")) == survivor
    assert PairDecision.objects.get().verdict == "match"
    with pytest.raises(PairAnswered):
        decide_pair(pair_id=pair.pk, verdict=Verdict.NEVER, reason="", now=NOW)


def test_never_match_outranks_every_rule(two: tuple[UUID, UUID]) -> None:
    pair = pair_of(*sources())
    decide_pair(pair_id=pair.pk, verdict=Verdict.NEVER, reason="two firms", now=NOW)
    same = account(
        "A2", "Zephyr Mills Ltd", Phone="+442079460001", Website="zephyr.example", SystemModstamp="2026-02-02"
    )
    master("salesforce.accounts", same)
    rematch_entity(entity_name="customer")
    assert len(live("customer")) == 2


@pytest.mark.parametrize(("held", "verdict"), [("merge", Verdict.MATCH), ("unmerge", Verdict.NEVER)])
def test_an_answer_does_not_get_round_the_approval_policy(
    two: tuple[UUID, UUID], held: str, verdict: Verdict
) -> None:
    pair = pair_of(*sources())
    if held == "unmerge":
        merge_records(record_ids=list(two), method="steward", reason="one firm", now=NOW)
        CandidatePair.objects.filter(pk=pair.pk).update(status=PairStatus.OPEN)
    policy = ApprovalPolicy.objects.latest("version")
    ApprovalPolicy.objects.filter(pk=policy.pk).update(status="active")
    policy.rules.create(entity="customer", group=held, states=[])
    before = live("customer")
    with pytest.raises(NeedsApprover, match="of customers in this state need an approver"):
        decide_pair(pair_id=pair.pk, verdict=verdict, reason="seen", now=NOW)
    assert live("customer") == before
    assert CandidatePair.objects.get(pk=pair.pk).status == PairStatus.OPEN
