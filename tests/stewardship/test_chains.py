"""Chains of merges: undone in any order, each record gets back what was its own, redirects and never-match follow."""

from uuid import UUID

import pytest

from apps.core.errors import Conflict
from apps.golden.models import GoldenRecord
from apps.mastering.models import Merge, Pin
from apps.mastering.services import InvalidPin, MergeVetoed
from apps.matching.models import PairDecision
from apps.outbox.models import OutboxEvent
from apps.sources.landing import source_record_id
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import merge_records, propose_values, split_records, undo_merge
from tests.hub import NOW, account, document_of, home_of, live, master, seed

pytestmark = pytest.mark.django_db

NAMES = {"A": "Zephyr Mills Ltd", "B": "Quantock Advisory Ltd", "C": "Blue Ridge Holding plc"}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")


@pytest.fixture
def three() -> dict[str, UUID]:
    """Customers A (three members), B (one) and C (five): A survives B, C survives A."""
    for letter, members in (("A", 3), ("B", 1), ("C", 5)):
        rows = [
            account(f"{letter}{i}", NAMES[letter], Website=f"{letter.lower()}.example")
            for i in range(members)
        ]
        master("salesforce.accounts", *rows)
    return {letter: home_of("salesforce", "customer", f"{letter}0") for letter in NAMES}


def merge(one: UUID, other: UUID) -> Merge:
    merge_records(record_ids=[one, other], method="steward", reason="one firm", now=NOW)
    return Merge.objects.latest("merged_at", "id")


def undo(merge: Merge) -> None:
    undo_merge(merge_id=merge.pk, reason="two firms", now=NOW)


def assert_as_before(three: dict[str, UUID]) -> None:
    assert sorted(live("customer")) == sorted(three.values())
    for letter, record in three.items():
        assert document_of(record)["legal_name"] == NAMES[letter]
        assert home_of("salesforce", "customer", f"{letter}0") == record
    assert not GoldenRecord.objects.filter(merged_into__isnull=False).exists()
    for record in three.values():
        header = GoldenRecord.objects.get(pk=record)
        seqs = list(OutboxEvent.objects.filter(record=record).order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, header.version + 1))


def test_first_merge_of_a_chain_undone_first(three: dict[str, UUID]) -> None:
    first, second = merge(three["A"], three["B"]), merge(three["C"], three["A"])
    assert (first.survivor_id, second.survivor_id) == (three["A"], three["C"])
    undo(first)
    assert home_of("salesforce", "customer", "B0") == three["B"]
    assert home_of("salesforce", "customer", "A0") == three["C"]
    b0 = source_record_id("salesforce", "customer", "B0")
    kept_apart = PairDecision.objects.filter(verdict="never", left=b0) | PairDecision.objects.filter(
        verdict="never", right=b0
    )
    assert kept_apart.count() == 8
    with pytest.raises(MergeVetoed, match="never one"):
        merge_records(record_ids=[three["B"], three["C"]], method="match", reason="", now=NOW)
    undo(second)
    assert_as_before(three)


def test_last_merge_of_a_chain_undone_first(three: dict[str, UUID]) -> None:
    first, second = merge(three["A"], three["B"]), merge(three["C"], three["A"])
    undo(second)
    assert GoldenRecord.objects.get(pk=three["B"]).merged_into_id == three["A"]
    undo(first)
    assert_as_before(three)


def test_every_change_of_a_redirect_is_in_the_history(three: dict[str, UUID]) -> None:
    merge(three["A"], three["B"])
    merge(three["C"], three["A"])
    history = GoldenRecord.history.filter(id=three["B"]).order_by("history_id")
    assert list(history.values_list("merged_into_id", flat=True)) == [None, three["A"], three["C"]]


def test_members_taken_out_are_the_merged_record_again(three: dict[str, UUID]) -> None:
    """Who takes out all that came with a merge undoes it: the loser lives again, with its id."""
    first = merge(three["A"], three["B"])
    b0 = source_record_id("salesforce", "customer", "B0")
    away = split_records(record_id=three["A"], source_record_ids=[b0], reason="elsewhere", now=NOW)
    assert away == three["B"]
    assert_as_before(three)
    first.refresh_from_db()
    assert first.unmerged_at == NOW
    with pytest.raises(Conflict, match="undone"):
        undo(first)


def test_members_that_came_after_the_merge_stay(three: dict[str, UUID]) -> None:
    first = merge(three["A"], three["B"])
    master("salesforce.accounts", account("A9", NAMES["A"], Website="a.example"))
    undo(first)
    assert home_of("salesforce", "customer", "A9") == three["A"]
    assert home_of("salesforce", "customer", "B0") == three["B"]


def pin(record: UUID, **values: object) -> None:
    propose_values(record_id=record, values=values, reason="agreed", now=NOW)


def test_pin_of_the_loser_survives_the_merge_and_goes_back_with_it(three: dict[str, UUID]) -> None:
    pin(three["B"], segment="Strategic", industry="nace:24")
    pin(three["A"], industry="nace:13")
    first = merge(three["A"], three["B"])
    document = document_of(three["A"])
    assert (document["segment"], document["industry"]) == ("Strategic", "nace:13")
    second = merge(three["C"], three["A"])
    document = document_of(three["C"])
    assert (document["segment"], document["industry"]) == ("Strategic", "nace:13")
    undo(second)
    undo(first)
    assert document_of(three["B"])["segment"] == "Strategic"
    assert document_of(three["B"])["industry"] == "nace:24"
    assert "segment" not in document_of(three["A"])
    assert "industry" not in document_of(three["C"])
    assert Pin.objects.filter(ended_at__isnull=True).count() == 3


def test_pinned_reference_follows_a_merge(three: dict[str, UUID]) -> None:
    pin(three["C"], parent=str(three["B"]))
    first = merge(three["A"], three["B"])
    assert document_of(three["C"])["parent"] == str(three["A"])
    undo(first)
    assert document_of(three["C"])["parent"] == str(three["B"])


@pytest.mark.parametrize("value", ["not an id", "0190a000-0000-7000-8000-000000000000"])
def test_reference_to_nothing_cannot_be_pinned(three: dict[str, UUID], value: str) -> None:
    with pytest.raises(InvalidPin, match="parent"):
        pin(three["C"], parent=value)
