"""`manage.py rebuild` finds what was written past the hub, corrects what has one right correction, tells the rest."""

from io import StringIO
from threading import Thread
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.entities.customer.model import Customer
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.models import RefusedReference
from apps.mastering.services import structural_differences
from apps.matching.models import Verdict
from apps.matching.services import bind_pairs
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import Crosswalk, SourceRecord
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import compare_records, merge_records, one_moment
from tests.hub import NOW, account, document_of, home_of, land, master, seed

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = entity("customer")


def rebuild(*options: str) -> str:
    out = StringIO()
    call_command("rebuild", "customer", "--workers", "1", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def merged() -> tuple[UUID, UUID]:
    """A survivor of two members and the loser; a third customer stands under it."""
    seed()
    ApprovalPolicy.objects.update(status="retired")
    master(
        "salesforce.accounts",
        account("A1", "Zephyr Mills Ltd"),
        account("A2", "Quantock Advisory Ltd"),
        account("A3", "Blue Ridge Holding plc", ParentId="A1"),
    )
    one, other = home_of("salesforce", "customer", "A1"), home_of("salesforce", "customer", "A2")
    survivor = merge_records(record_ids=[one, other], method="steward", reason="one firm", now=NOW)
    assert "No difference." in rebuild()
    return survivor, other if survivor == one else one


def test_a_value_written_past_the_hub_is_found_and_put_right_with_history_and_an_event(
    merged: tuple[UUID, UUID],
) -> None:
    survivor, _ = merged
    before = document_of(survivor)
    Customer.objects.filter(pk=survivor).update(legal_name="Forged Ltd", segment="Gold")
    events = OutboxEvent.objects.filter(record=survivor).count()
    found = {each.place for each in compare_records(CUSTOMER, [survivor], now=NOW)}
    assert found >= {"legal_name", "segment"}
    with pytest.raises(CommandError, match="differences"):
        rebuild("--check")
    assert document_of(survivor)["legal_name"] == "Forged Ltd"

    assert "1 records repaired" in rebuild("--repair")

    assert {**document_of(survivor), "provenance": 0} == {**before, "provenance": 0}
    assert OutboxEvent.objects.filter(record=survivor).count() == events + 1
    assert "No difference." in rebuild()


def test_what_does_not_fit_together_is_repaired_where_only_one_correction_is_right(
    merged: tuple[UUID, UUID],
) -> None:
    survivor, loser = merged
    third = home_of("salesforce", "customer", "A3")
    left_behind = Crosswalk.objects.filter(record=survivor).order_by("key").last()
    assert left_behind is not None
    Crosswalk.objects.filter(pk=left_behind.pk).update(record=loser)
    Crosswalk.objects.filter(key="A3").update(key="A9")
    Customer.objects.create(record_id=loser, legal_name="Ghost Ltd", status="active")
    Customer.objects.filter(pk=third).update(parent=loser)
    RefusedReference.objects.create(
        record_id=loser, attribute="parent", target_id=third, among=[loser, third]
    )
    land("salesforce.accounts", account("A4", "Umbra Shipping Ltd"))
    SourceRecord.objects.filter(key="A4").update(pending_since=None)
    causes = {each.cause.partition(":")[0] for each in structural_differences(CUSTOMER)}
    assert causes == {"crosswalk", "typed row", "reference", "refused reference"}
    with pytest.raises(CommandError):
        rebuild()

    told = rebuild("--repair")

    assert "all repaired" in told
    assert list(structural_differences(CUSTOMER)) == []
    assert Crosswalk.objects.get(pk=left_behind.pk).record_id == survivor
    assert home_of("salesforce", "customer", "A3") == third
    assert document_of(third)["parent"] == str(survivor)
    assert not Customer.objects.filter(pk=loser).exists()
    assert SourceRecord.objects.get(key="A4").pending_since is not None
    run_pending()
    assert "No difference." in rebuild()


def test_a_chain_of_redirects_is_shortened(merged: tuple[UUID, UUID]) -> None:
    survivor, loser = merged
    third = home_of("salesforce", "customer", "A3")
    Customer.objects.filter(pk=third).update(parent=None)
    merge_records(record_ids=[survivor, third], method="steward", reason="one group", now=NOW)
    last, middle = (
        (survivor, third) if GoldenRecord.objects.get(pk=third).merged_into_id else (third, survivor)
    )
    GoldenRecord.objects.filter(pk=loser).update(merged_into=middle)
    assert "redirect: it does not lead to a record with values" in rebuild("--repair")
    assert GoldenRecord.objects.get(pk=loser).merged_into_id == last


def test_what_a_person_must_decide_is_left_with_what_to_do(merged: tuple[UUID, UUID]) -> None:
    survivor, _ = merged
    left, right = Crosswalk.objects.filter(record=survivor).order_by("pk").values_list("pk", flat=True)
    bind_pairs(entity="customer", pairs=[(left, right)], verdict=Verdict.NEVER, reason="two", now=NOW)
    out = StringIO()
    with pytest.raises(CommandError, match="1 differences are left"):
        call_command("rebuild", "customer", "--repair", "--workers", "1", stdout=out)
    assert "a person must say: take one of them out of the record, or withdraw the decision" in out.getvalue()


def test_records_that_wait_for_the_pipeline_are_not_judged(merged: tuple[UUID, UUID]) -> None:
    land(
        "salesforce.accounts",
        account("A3", "Blue Ridge plc", SystemModstamp="2026-02-02T00:00:00Z", IsDeleted=True),
    )
    told = rebuild("--check")
    assert "1 records wait to be computed again" in told
    assert "No difference." in told


def test_what_is_committed_during_a_comparison_makes_no_difference(merged: tuple[UUID, UUID]) -> None:
    survivor, _ = merged
    ids = sorted([survivor, home_of("salesforce", "customer", "A3")])

    def rename() -> None:
        master("salesforce.accounts", account("A3", "Blue Ridge plc", SystemModstamp="2026-02-02T00:00:00Z"))
        connection.close()

    with one_moment():
        assert GoldenRecord.objects.count() == 3  # the moment is taken
        other = Thread(target=rename)
        other.start()
        other.join()
        assert document_of(ids[1] if ids[0] == survivor else ids[0])["legal_name"] == "Blue Ridge Holding plc"
        assert compare_records(CUSTOMER, ids, now=NOW) == []
    assert document_of(home_of("salesforce", "customer", "A3"))["legal_name"] == "Blue Ridge plc"
