"""Merge and unmerge under the shipped approval policy: nothing that waits for an approver slips through, or is lost."""

from uuid import UUID

import pytest

from apps.golden.registry import entity
from apps.mastering.models import Merge
from apps.stewardship.models import ChangeRequest
from apps.stewardship.services import compare_records, merge_records, reject_request, undo_merge
from tests.hub import NOW, account, document_of, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db


def named(key: str, name: str, day: int = 1) -> dict[str, object]:
    return account(key, name, Status__c="Active", SystemModstamp=f"2026-02-{day:02}T00:00:00Z")


@pytest.fixture
def two() -> list[UUID]:
    """Two customers with names that were approved; a new name waits on each."""
    seed()
    master("salesforce.accounts", named("A1", "Zephyr Mills Ltd"), named("A2", "Quantock Advisory Ltd"))
    master("salesforce.accounts", named("A1", "Zephyr plc", 2), named("A2", "Quantock plc", 2))
    return [home_of("salesforce", "customer", key) for key in ("A1", "A2")]


def waiting() -> set[tuple[object, ...]]:
    rows = ChangeRequest.objects.filter(status="pending")
    return {(row.pk, row.record_id, str(row.before), str(row.after), row.requested_at) for row in rows}


def there_and_back(two: list[UUID]) -> None:
    merge_records(record_ids=two, method="steward", reason="one firm", now=NOW)
    undo_merge(merge_id=Merge.objects.latest("pk").pk, reason="two firms", now=NOW)


def test_what_waits_for_an_answer_waits_again_when_the_merge_is_undone(two: list[UUID]) -> None:
    before, asked = {each: document_of(each) for each in two}, waiting()
    assert len(asked) == 2
    there_and_back(two)
    assert {each: document_of(each) for each in two} == before
    assert waiting() == asked


def test_what_was_turned_down_stays_turned_down(two: list[UUID]) -> None:
    for request in ChangeRequest.objects.filter(status="pending"):
        reject_request(request_id=request.pk, reason="no", now=NOW)
    before = {each: document_of(each) for each in two}
    there_and_back(two)
    assert ({each: document_of(each) for each in two}, waiting()) == (before, set())


def test_what_sources_brought_meanwhile_is_asked_about_and_not_let_in(two: list[UUID]) -> None:
    ChangeRequest.objects.filter(status="pending").delete()
    master("salesforce.accounts", named("A1", "Zephyr Mills Ltd", 3), named("A2", "Quantock Advisory Ltd", 3))
    before = [document_of(each)["legal_name"] for each in two]
    merge_records(record_ids=two, method="steward", reason="one firm", now=NOW)
    master("salesforce.accounts", named("A1", "Zephyr AG", 4), named("A2", "Quantock AG", 4))
    undo_merge(merge_id=only(Merge.objects.all()).pk, reason="two firms", now=NOW)
    assert [document_of(each)["legal_name"] for each in two] == before
    asked = {row.record_id: row.after["legal_name"] for row in ChangeRequest.objects.filter(status="pending")}
    assert asked == dict(zip(two, ("Zephyr AG", "Quantock AG"), strict=True))
    assert compare_records(entity("customer"), live("customer"), now=NOW) == []
