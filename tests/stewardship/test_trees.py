"""Re-organise by hand: dated places, no cycles, merges follow, approval where the policy asks."""

from datetime import date
from uuid import UUID

import pytest

from apps.golden.registry import entity
from apps.mastering.models import Merge, WriteVerdict
from apps.mastering.services import InvalidPin, MergeVetoed, OwnershipCell, Verdict
from apps.mastering.trees import When, WouldCloseACycle, tree_of
from apps.pipeline.services import run_pending
from apps.sources.models import RejectedRow
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import (
    WriteRefused,
    merge_records,
    move_in_tree,
    propose_values,
    undo_merge,
)
from tests.hub import NOW, account, document_of, home_of, land, master, only, seed
from tests.mastering.ruling import rule

pytestmark = pytest.mark.django_db

CUSTOMER = entity("customer")
JULY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()
    ApprovalPolicy.objects.update(status="retired")


@pytest.fixture
def three() -> list[UUID]:
    master(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd"),
        account("A2", "Quantock Advisory Ltd", ParentId="A1"),
        account("A3", "Bramble Foods plc"),
    )
    return [home_of("salesforce", "customer", key) for key in ("A1", "A2", "A3")]


def move(record: UUID, parent: UUID | None, first: date | None = None, kind: str = "legal") -> None:
    move_in_tree(record_id=record, kind=kind, parent_id=parent, first=first, reason="re-organised", now=NOW)


def parent_on(record: UUID, day: date) -> str | None:
    node = tree_of(CUSTOMER, str(record), "legal", When(day)).node(str(record))
    assert node is not None
    return node.parent


def test_a_record_moves_on_its_day_and_the_source_keeps_the_rest(three: list[UUID]) -> None:
    mills, quantock, bramble = three

    move(quantock, bramble, JULY)

    assert parent_on(quantock, date(2026, 6, 30)) == str(mills)
    assert parent_on(quantock, JULY) == str(bramble)
    document = document_of(quantock)
    assert document["parents"] == [{"kind": "legal", "parent": str(bramble), "valid_from": "2026-07-01"}]
    assert document["provenance"]["parents:legal|2026-07-01"]["rule"] == "pinned"


def test_two_moves_stand_side_by_side(three: list[UUID]) -> None:
    mills, quantock, bramble = three
    move(quantock, bramble, JULY)
    move(quantock, None, date(2027, 1, 1))
    move(quantock, mills, JULY)

    days = (date(2026, 1, 1), JULY, date(2026, 12, 31), date(2027, 1, 1))
    assert [parent_on(quantock, day) for day in days] == [str(mills), str(mills), str(mills), None]


def test_a_move_under_an_own_child_is_refused(three: list[UUID]) -> None:
    mills, quantock, _ = three

    with pytest.raises(WouldCloseACycle, match="Zephyr"):
        move(mills, quantock, JULY)
    assert "parents" not in document_of(mills)


def test_a_source_that_closes_a_cycle_on_a_later_day_loses_it_and_says_so(three: list[UUID]) -> None:
    mills, quantock, bramble = three
    move(bramble, quantock, JULY)
    land("salesforce.accounts", account("A1", "Zephyr Mills Ltd", ParentId="A3", SystemModstamp="2026-02-01"))

    run_pending()

    assert "parent" not in document_of(mills)
    assert parent_on(bramble, JULY) == str(quantock)
    [row] = RejectedRow.objects.filter(code="cycle")
    assert "over 3 records" in row.reason


def test_a_place_follows_its_parent_through_merge_and_unmerge(three: list[UUID]) -> None:
    mills, quantock, bramble = three
    move(quantock, bramble, JULY)

    survivor = merge_records(record_ids=[mills, bramble], method="steward", reason="the same", now=NOW)
    assert parent_on(quantock, JULY) == str(survivor)
    assert document_of(quantock)["parents"][0]["parent"] == str(survivor)

    undo_merge(merge_id=Merge.objects.get().pk, reason="not the same", now=NOW)
    assert document_of(quantock)["parents"][0]["parent"] == str(bramble)
    assert parent_on(quantock, date(2026, 1, 1)) == str(mills)


def test_parent_and_child_in_any_tree_on_any_day_are_not_merged(three: list[UUID]) -> None:
    _, quantock, bramble = three
    move(quantock, bramble, JULY, kind="billing")
    with pytest.raises(MergeVetoed, match="billing"):
        merge_records(record_ids=[quantock, bramble], method="steward", reason="the same", now=NOW)


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([{"kind": "spiritual"}], "tree"),
        ([{"kind": "legal", "valid_from": "soon"}], "valid from"),
        ([{"kind": "legal"}, {"kind": "legal"}], "two items"),
        ([{"parent": None}], "tree must be given"),
        ([{"kind": "legal", "colour": "red"}], "no colour"),
        ([{"kind": "legal", "parent": "nobody"}], "id of a golden record"),
        ("legal", "list of items"),
    ],
)
def test_items_that_are_none_are_refused_with_the_reason(
    three: list[UUID], items: object, fault: str
) -> None:
    with pytest.raises(InvalidPin) as error:
        propose_values(record_id=three[0], values={"parents": items}, reason="test", now=NOW)

    assert fault in error.value.detail


def test_the_verdict_on_a_move_that_rules_refuse_is_kept(three: list[UUID]) -> None:
    _, quantock, bramble = three
    rule({("relationships", "*"): OwnershipCell(("crm",), Verdict.ACCEPT, {"steward": Verdict.REJECT})})
    with pytest.raises(WriteRefused, match="relationships"):
        move(quantock, bramble, JULY)

    kept = only(WriteVerdict.objects.filter(writer="steward"))
    assert (kept.record_id, kept.outcomes) == (quantock, ["reject", "relationships:reject"])
