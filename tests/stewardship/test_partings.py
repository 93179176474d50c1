"""What taking apart refuses, what follows it of records that no source tells of any more, and what pairs say then."""

from uuid import UUID, uuid4

import pytest

from apps.core.errors import Conflict
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.contracts import Choices
from apps.mastering.models import Merge, Pin
from apps.mastering.services import structural_differences
from apps.matching.models import CandidatePair, PairDecision, PairStatus, Verdict
from apps.sources.landing import source_record_id
from apps.stewardship.models import ApprovalPolicy, MergeRequest
from apps.stewardship.services import (
    InvalidChoice,
    decide_pair,
    merge_records,
    offers_for,
    propose_unmerge,
    propose_values,
    split_records,
    undo_merge,
)
from tests.hub import NOW, account, document_of, home_of, live, master, only, seed
from tests.stewardship.test_merges import opportunity, pair_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")


@pytest.fixture
def two() -> list[UUID]:
    master("salesforce.accounts", account("A1", "Zephyr Mills Ltd"), account("A2", "Quantock Advisory Ltd"))
    return [home_of("salesforce", "customer", key) for key in ("A1", "A2")]


def merge(two: list[UUID]) -> tuple[UUID, UUID, Merge]:
    """Return survivor, loser and the merge of two records."""
    survivor = merge_records(record_ids=two, method="steward", reason="one firm", now=NOW)
    return survivor, next(each for each in two if each != survivor), Merge.objects.latest("pk")


def retire(*rows: dict[str, object]) -> None:
    later = {"SystemModstamp": "2026-02-02T00:00:00Z", "IsDeleted": True}
    layout = "salesforce.opportunities" if "StageName" in rows[0] else "salesforce.accounts"
    master(layout, *({**row, **later} for row in rows))


def test_a_choice_that_is_not_offered_is_refused_with_the_offer_and_its_options(two: list[UUID]) -> None:
    survivor, _, undoable = merge(two)
    propose_values(record_id=survivor, values={"segment": "Gold"}, reason="agreed", now=NOW)
    master("salesforce.opportunities", opportunity("O1", "A1"))
    _, offers = offers_for(merge_id=undoable.pk)
    child = only([offer for offer in offers if offer.kind == "child"])
    place = (home_of("salesforce", "engagement", "O1"), "customer")
    pin, stranger = Pin.objects.get().pk, uuid4()
    before = document_of(survivor)
    for choices, told in (
        (
            Choices(children={place: "both"}),
            rf"child customer \({child.key}\): it can go to home, away, not to 'both'",
        ),
        (Choices(pins={stranger: "away"}), f"No pin {stranger} is offered"),
        (
            Choices(members={source_record_id("salesforce", "customer", "A1"): "away"}),
            "No member .* is offered",
        ),
        (Choices(requests={stranger: "home"}), f"No request {stranger} is offered"),
    ):
        with pytest.raises(InvalidChoice, match=told):
            undo_merge(merge_id=undoable.pk, reason="two", now=NOW, choices=choices)
        with pytest.raises(InvalidChoice, match=told):
            propose_unmerge(record_id=survivor, merge_id=undoable.pk, reason="two", now=NOW, choices=choices)
    assert (document_of(survivor), live("customer"), MergeRequest.objects.count()) == (before, [survivor], 0)
    undo_merge(merge_id=undoable.pk, reason="two", now=NOW, choices=Choices(pins={pin: "both"}))
    assert [document_of(each)["segment"] for each in two] == ["Gold", "Gold"]


def test_members_that_their_systems_deleted_make_no_record_of_their_own(two: list[UUID]) -> None:
    master("netsuite.customers", {"id": "77", "companyName": "Zephyr Mills Ltd", "entityId": "C77"})
    pair = [source_record_id("salesforce", "customer", "A1"), source_record_id("netsuite", "customer", "77")]
    merge([home_of("salesforce", "customer", "A1"), home_of("netsuite", "customer", "77")])
    Merge.objects.update(unmerged_at=NOW)  # so that no record is there to go back to
    retire(account("A1", "Zephyr Mills Ltd"))
    home = home_of("salesforce", "customer", "A1")
    with pytest.raises(Conflict, match="Their systems deleted them"):
        split_records(record_id=home, source_record_ids=pair[:1], reason="another", now=NOW)
    assert home_of("salesforce", "customer", "A1") == home


def test_a_record_without_live_sources_is_what_it_was_when_its_merge_is_undone(two: list[UUID]) -> None:
    before = {record: document_of(record) for record in two}
    survivor, loser, undoable = merge(two)
    own = next(key for key, home in zip(("A1", "A2"), two, strict=True) if home == survivor)
    retire(account(own, "Forgotten Ltd"))
    undo_merge(merge_id=undoable.pk, reason="two", now=NOW)
    assert {record: document_of(record) for record in two} == before
    states = dict(GoldenRecord.objects.filter(pk__in=two).values_list("pk", "status"))
    assert states == {survivor: "retired", loser: "live"}


def test_references_of_retired_records_follow_a_merge_and_its_undoing(two: list[UUID]) -> None:
    rows = [opportunity("O1", "A1"), opportunity("O2", "A2")]
    master("salesforce.opportunities", *rows)
    retire(*rows)
    work = [home_of("salesforce", "engagement", key) for key in ("O1", "O2")]
    before = [document_of(each) for each in work]
    assert [each["customer"] for each in before] == [str(each) for each in two]

    survivor, _, undoable = merge(two)
    assert [document_of(each)["customer"] for each in work] == [str(survivor)] * 2
    assert list(structural_differences(entity("engagement"))) == []

    undo_merge(merge_id=undoable.pk, reason="two", now=NOW)
    assert [document_of(each) for each in work] == before


def test_a_merge_by_hand_leaves_no_answer_that_they_are_two(two: list[UUID]) -> None:
    pair = pair_of(*(source_record_id("salesforce", "customer", key) for key in ("A1", "A2")))
    decide_pair(pair_id=pair.pk, verdict=Verdict.NEVER, reason="two firms", now=NOW)
    assert CandidatePair.objects.get(pk=pair.pk).status == PairStatus.NOT_MATCH
    _, _, undoable = merge(two)
    pair.refresh_from_db()
    assert (pair.status, pair.decided_by, pair.reason) == (PairStatus.OBSOLETE, "", "")
    assert not PairDecision.objects.filter(withdrawn_at__isnull=True).exists()
    undo_merge(merge_id=undoable.pk, reason="two after all", now=NOW)
    pair.refresh_from_db()
    assert (pair.status, pair.reason) == (PairStatus.NOT_MATCH, "two after all")
