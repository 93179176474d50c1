"""The echo guard: by value, field by field, whoever wrote it; a field that swings is held for a person."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.connectors.sandbox import RunningSandbox
from apps.distribution.engine.echoes import is_echo, repeated, swinging
from apps.distribution.models import ExternalRef, Lane
from apps.distribution.selectors import database_now, due_targets
from apps.distribution.services import deliver_due
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.services import (
    SurvivorshipCell,
    activate_survivorship,
    draft_survivorship,
    write_survivorship_draft,
)
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.quality.models import StandardRecord
from apps.sources.models import Crosswalk, SourceRecord
from apps.sources.services import land_posted
from apps.stewardship.models import ExceptionTask
from tests.distribution.golden import Target, connect
from tests.hub import NOW, account, document_of, erp_customer, home_of, live, master, only, seed

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
    came(row)
    run_pending()
    return OutboxEvent.objects.count() - before


def came(row: Any) -> None:
    land_posted(
        layout_name="salesforce.accounts", records=[row], mode="full", origin="test", now=database_now()
    )


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


@pytest.fixture
def crm_knows_best(crm_target: Target) -> Target:
    """Nobody owns the segment; the CRM is trusted more, then the newer word counts."""
    survives(SurvivorshipCell(("trust", "recency", "stable"), trust={"erp": (50, None)}))
    return crm_target


def survives(cell: SurvivorshipCell) -> None:
    policy = draft_survivorship(note="segments", now=NOW)
    write_survivorship_draft(
        policy_id=policy.pk, entity_name="customer", cells={SPEC.group_of("segment"): cell}
    )
    activate_survivorship(policy_id=policy.pk, now=NOW)


def erp_says(segment: str, *, on: str) -> None:
    row = {
        **erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"),
        "category": {"refName": segment},
        "lastModifiedDate": f"{on}T00:00:00Z",
    }
    master("netsuite.customers", row)


def crm_says(segment: str | None, *, on: str, **more: Any) -> int:
    return posted(
        {
            **account("A1", "Northwind Harbour Ltd", DunsNumber="150483782", Segment__c=segment, **more),
            "SystemModstamp": f"{on}T00:00:00Z",
        }
    )


def segment() -> Any:
    return document_of(only(live("customer"))).get("segment")


def marks_of(system: str) -> tuple[dict[str, Any], float | None]:
    row = StandardRecord.objects.get(source_record__system=system)
    return row.echoed, row.own_recency


JANUARY = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_a_repeated_value_does_not_outweigh_its_origin(crm_knows_best: Target) -> None:
    erp_says("Silver", on="2026-01-10")
    send(crm_knows_best)
    assert written()["Segment__c"] == "Silver"
    assert crm_says("Silver", on="2026-02-01") == 0
    assert marks_of("salesforce") == ({"segment": "Silver"}, JANUARY)
    erp_says("Bronze", on="2026-02-05")
    assert segment() == "Bronze"
    send(crm_knows_best)
    assert crm_says("Bronze", on="2026-02-06") == 0
    assert marks_of("salesforce") == ({"segment": "Bronze"}, JANUARY)


def test_an_echo_that_is_touched_over_there_stays_one(crm_knows_best: Target) -> None:
    erp_says("Silver", on="2026-01-10")
    send(crm_knows_best)
    row = account("A1", "Northwind Harbour Ltd", DunsNumber="150483782", Segment__c="Silver")
    for day in ("2026-02-01", "2026-02-02"):  # both before the pipeline comes to it
        came(row | {"SystemModstamp": f"{day}T00:00:00Z"})
    run_pending()
    assert marks_of("salesforce") == ({"segment": "Silver"}, JANUARY)
    assert crm_says("Silver", on="2026-02-03") == 0
    assert marks_of("salesforce") == ({"segment": "Silver"}, JANUARY)
    erp_says("Bronze", on="2026-01-20")
    assert segment() == "Bronze"


def test_neither_the_echo_nor_the_old_value_of_its_own_wins_by_recency(crm_target: Target) -> None:
    survives(SurvivorshipCell(("recency", "stable")))
    crm_says("Old", on="2026-01-01")
    erp_says("New", on="2026-01-10")
    send(crm_target)
    assert written()["Segment__c"] == segment() == "New"
    assert crm_says("New", on="2026-02-01") == 0
    erp_says("Newer", on="2026-01-20")
    assert segment() == "Newer"


def test_its_own_value_stays_evidence_though_the_hub_wrote_the_same(crm_knows_best: Target) -> None:
    crm_says("Gold", on="2026-01-05")
    send(crm_knows_best)
    assert written()["Segment__c"] == "Gold"
    crm_says("Gold", on="2026-02-01", Industry="Shipping")
    assert marks_of("salesforce") == ({}, None)
    erp_says("Silver", on="2026-02-05")
    assert segment() == "Gold"


def test_a_repeated_value_that_becomes_another_is_its_own_word(crm_knows_best: Target) -> None:
    erp_says("Silver", on="2026-01-10")
    send(crm_knows_best)
    crm_says("Silver", on="2026-02-01")
    crm_says("Gold", on="2026-02-02")
    assert (segment(), marks_of("salesforce")) == ("Gold", ({}, None))


def test_a_repeated_value_stands_where_nobody_else_speaks(crm_knows_best: Target) -> None:
    erp_says("Silver", on="2026-01-10")
    send(crm_knows_best)
    crm_says("Silver", on="2026-02-01")
    erp_says("", on="2026-02-05")
    assert segment() == "Silver"


def test_a_record_the_hub_made_over_there_is_no_evidence(crm_knows_best: Target) -> None:
    master("netsuite.customers", {**erp_customer("88", "Quay Works Ltd"), "category": {"refName": "Silver"}})
    send(crm_knows_best)
    ref = ExternalRef.objects.get(last_fields__Name="Quay Works Ltd")
    posted(
        {
            **account(ref.native_id, "Quay Works Ltd", Segment__c="Silver"),
            "SystemModstamp": "2026-02-01T00:00:00Z",
        }
    )
    row = StandardRecord.objects.get(source_record__key=ref.native_id)
    assert (row.echoed["segment"], row.echoed["legal_name"]) == ("Silver", "Quay Works Ltd")
    changed = {**erp_customer("88", "Quay Works Ltd"), "category": {"refName": "Bronze"}}
    master("netsuite.customers", {**changed, "lastModifiedDate": "2026-02-05T00:00:00Z"})
    assert document_of(ref.record_id)["segment"] == "Bronze"


def test_what_is_repeated_is_told_by_place() -> None:
    before = {"segment": "Old", "addresses": [{"kind": "registered", "city": "Leeds"}]}
    after = {"segment": "New", "addresses": [{"kind": "registered", "city": "York", "country": "GB"}]}
    item = after["addresses"][0]
    [place] = repeated(SPEC, before, after, {"addresses": [item]}, {}).keys()
    assert place.startswith("addresses:")
    assert repeated(SPEC, before, after, {"addresses": [{**item, "country": None}]}, {}) == {}
    assert repeated(SPEC, after, after, after, {}) == {}
    assert repeated(SPEC, after, after, {}, {"segment": "New", place: item}) == {
        "segment": "New",
        place: item,
    }
    assert repeated(SPEC, before, after, {}, {"segment": "Old"}) == {}
