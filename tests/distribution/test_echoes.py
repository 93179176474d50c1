"""The echo guard: by value, field by field, whoever wrote it; a field that swings is held for a person."""

from datetime import timedelta
from typing import Any

import pytest

from apps.connectors.sandbox import RunningSandbox
from apps.distribution.engine.echoes import is_echo, swinging
from apps.distribution.models import ExternalRef, Lane
from apps.distribution.selectors import database_now, due_targets
from apps.distribution.services import deliver_due
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import Crosswalk, SourceRecord
from apps.sources.services import land_posted
from apps.stewardship.models import ExceptionTask
from tests.distribution.golden import Target, connect
from tests.hub import account, document_of, erp_customer, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db(transaction=True)
SPEC = entity("customer")


@pytest.fixture
def crm_target(crm_server: RunningSandbox) -> Target:
    """The seeded hub; the CRM takes customers and has one account that the ERP knows as well."""
    seed()
    target = connect(crm_server, {"salesforce.account": "customer"})
    master("salesforce.accounts", account("A1", "Northwind Harbour Ltd", DunsNumber="150483782"))
    master("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    send(target)
    return target


def send(target: Target) -> None:
    deliver_due(target=target.connection.code, limit=100, worker="w1", now=database_now())


def posted(row: Any) -> int:
    """Land a row as it comes in now; return how many events that made."""
    before = OutboxEvent.objects.count()
    land_posted(
        layout_name="salesforce.accounts", records=[row], mode="full", origin="test", now=database_now()
    )
    run_pending()
    return OutboxEvent.objects.count() - before


def written() -> dict[str, Any]:
    return dict(ExternalRef.objects.get().last_fields)


def test_what_the_hub_wrote_starts_nothing_when_it_comes_back(crm_target: Target) -> None:
    golden = only(live("customer"))
    ExternalRef.objects.update(last_fields={**written(), "Phone": "+442079460000", "Segment__c": "Gold"})
    version = GoldenRecord.objects.get(pk=golden).version
    row = account(
        "A1", "Northwind Harbour Ltd", DunsNumber="150483782", Phone="+44 20 7946 0000", Segment__c="Gold"
    )
    assert posted(row) == 0
    assert SourceRecord.objects.get(system="salesforce").values["segment"] == "Gold"  # kept as told
    assert not SourceRecord.objects.filter(pending_since__isnull=False).exists()
    assert GoldenRecord.objects.get(pk=golden).version == version
    assert Lane.objects.get().done_seq == Lane.objects.get().last_seq
    assert due_targets(now=database_now()) == []


def test_one_other_field_makes_it_a_change(crm_target: Target) -> None:
    ExternalRef.objects.update(last_fields={**written(), "Segment__c": "Gold"})
    row = account(
        "A1", "Northwind Harbour Ltd", DunsNumber="150483782", Segment__c="Gold", Industry="Shipping"
    )
    assert posted(row) == 1
    assert document_of(only(live("customer")))["industry"] == "nace:50"


def test_a_value_of_its_own_is_a_change_whoever_wrote_it(crm_target: Target) -> None:
    ExternalRef.objects.update(last_fields={**written(), "Segment__c": "Gold"})
    row = account(
        "A1",
        "Northwind Harbour Ltd",
        DunsNumber="150483782",
        Segment__c="Silver",
        LastModifiedBy="mdm.integration",
    )
    assert posted(row) == 1
    assert document_of(only(live("customer")))["segment"] == "Silver"


def test_what_the_hub_created_over_there_comes_home_by_its_id(crm_target: Target) -> None:
    golden = only(live("customer"))
    ref = ExternalRef.objects.get()
    assert ref.native_id
    posted(account(ref.native_id, "Quite Another Name plc"))
    assert only(live("customer")) == golden == home_of("salesforce", "customer", ref.native_id)
    assert Crosswalk.objects.get(system="salesforce", key=ref.native_id).method == "id"


def test_a_field_that_swings_is_held_for_a_person(crm_target: Target) -> None:
    for turn in range(6):
        row = account(
            "A1", "Northwind Harbour Ltd", DunsNumber="150483782", Segment__c="Silver" if turn % 2 else "Gold"
        )
        assert posted(row) == 1
        send(crm_target)
    assert not ExceptionTask.objects.exists()  # Gold, then two returns of each
    posted(account("A1", "Northwind Harbour Ltd", DunsNumber="150483782", Segment__c="Gold"))
    task = ExceptionTask.objects.get()
    assert (task.invariant, task.key, task.holds, task.status) == (
        "field_swings", "salesforce:segment", True, "open",
    )  # fmt: skip
    lane = Lane.objects.get()
    send(crm_target)
    lane.refresh_from_db()
    assert lane.done_seq < lane.last_seq  # held: not delivered until somebody has decided
    assert due_targets(now=database_now() + timedelta(hours=1)) == []


def test_echoes_are_told_by_value() -> None:
    before = {"legal_name": "A", "segment": None, "addresses": [{"kind": "registered", "city": "Leeds"}]}
    now = {"legal_name": "B", "segment": None, "addresses": [{"kind": "registered", "city": "York"}]}
    assert is_echo(SPEC, before, now, now)
    assert not is_echo(SPEC, before, before, before)  # says nothing: waits for something else
    assert not is_echo(SPEC, before, now, {"legal_name": "B"})
    assert not is_echo(SPEC, before, {**now, "segment": "X"}, now)
    gone = {**before, "legal_name": None}
    assert is_echo(SPEC, before, gone, {"legal_name": None})
    assert not is_echo(SPEC, before, gone, {})


def test_swings_count_returns_to_the_present_value() -> None:
    def states(text: str) -> list[dict[str, Any]]:
        return [{"segment": each} for each in text]

    assert swinging(SPEC, states("ABABABA"), [("segment",)]) == {("segment",): 3}
    assert swinging(SPEC, states("ABABAB"), [("segment",)]) == {}
    assert swinging(SPEC, states("AABBAABBAABBAA"), [("segment",)]) == {("segment",): 3}
    assert swinging(SPEC, states("ABCABCABC"), [("segment",)]) == {}
