"""The pipeline from landed rows to golden records and events."""

import itertools

import pytest
from django.db import connection

from apps.accounts.roles import Role
from apps.accounts.services import create_user
from apps.golden.models import GoldenRecord
from apps.mastering.services import NeedsApprover
from apps.matching.models import CandidatePair, Verdict
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import Load, RejectedRow, SourceRecord
from apps.sources.selectors import pending_counts, waiting_references
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import approve_operation, decide_pair, propose_merge
from tests.hub import (
    NOW,
    account,
    as_user,
    document_of,
    erp_customer,
    home_of,
    land,
    live,
    master,
    only,
    seed,
    state_of_golden_data,
)

pytestmark = pytest.mark.django_db

ADDRESS = {
    "BillingStreet": "12 Harbour Road", "BillingCity": "Leeds", "BillingPostalCode": "LS1 4AP",
    "BillingCountryCode": "GB",
}  # fmt: skip
ERP_ADDRESS = {
    "addressBook": {
        "items": [
            {
                "defaultBilling": True,
                "addressBookAddress": {
                    "addr1": "12 HARBOUR RD", "city": "LEEDS", "zip": "LS1 4AP", "country": {"id": "GB"},
                },
            }
        ]
    }
}  # fmt: skip
CRM = account(
    "A1", "Northwind Harbour Ltd", Website="northwind-harbour.example", Status__c="Active", **ADDRESS
)
ERP = erp_customer(
    "77", "NORTHWIND HARBOUR LIMITED", url="www.northwind-harbour.example", entityId="C-77", **ERP_ADDRESS
)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def test_records_of_two_systems_become_one_golden_record() -> None:
    master("salesforce.accounts", CRM)
    report = master("netsuite.customers", ERP)
    assert (report.records, report.joined, report.created) == (1, 1, 0)
    golden = only(live("customer"))
    assert home_of("salesforce", "customer", "A1") == home_of("netsuite", "customer", "77") == golden
    document = document_of(golden)
    assert document["number"] == "C-77"
    assert document["provenance"]["number"]["system"] == "netsuite"
    assert document["provenance"]["number"]["rule"] == "system of record"
    assert {item["kind"] for item in document["addresses"]} == {"registered", "bill_to"}
    evidence = CandidatePair.objects.get(status="auto").evidence
    assert "name" in {entry["attribute"] for entry in evidence}


def test_each_version_has_one_event_with_the_whole_document() -> None:
    master("salesforce.accounts", CRM)
    master("netsuite.customers", ERP)
    golden = only(live("customer"))
    events = list(OutboxEvent.objects.filter(record=golden).order_by("seq"))
    assert [(event.seq, event.type) for event in events] == [(1, "created"), (2, "updated")]
    assert "number" in events[1].changed
    assert events[1].payload["number"] == "C-77"
    assert GoldenRecord.objects.get(pk=golden).version == 2


def test_nothing_new_changes_nothing() -> None:
    master("salesforce.accounts", CRM)
    report = master("salesforce.accounts", CRM)
    assert report.records == 0
    touched = {**CRM, "SystemModstamp": "2026-01-20T00:00:00Z"}
    report = master("salesforce.accounts", touched)
    assert (report.updated, OutboxEvent.objects.count()) == (0, 1)


def test_different_customers_stay_apart() -> None:
    master("salesforce.accounts", CRM, account("A2", "Blue Ridge Consulting GmbH", BillingCountryCode="DE"))
    assert len(live("customer")) == 2


def job(key: str, customer: str) -> dict[str, object]:
    return {
        "id": key, "entityId": f"P-{key}", "companyName": f"Project {key}", "parent": customer,
        "lastModifiedDate": "2026-01-03T00:00:00Z",
    }  # fmt: skip


def opportunity(key: str, account_key: str) -> dict[str, object]:
    return {
        "Id": key, "Name": "Roll-out", "AccountId": account_key, "Amount": "1000", "CurrencyIsoCode": "EUR",
        "IsWon": True, "StageName": "Closed Won", "Contract_Number__c": "CT-1",
        "SystemModstamp": "2026-01-05T00:00:00Z",
    }  # fmt: skip


def test_reference_waits_and_resolves_by_itself() -> None:
    master("salesforce.opportunities", opportunity("O1", "A1"))
    engagement = only(live("engagement"))
    assert "customer" not in document_of(engagement)
    waiting = only(waiting_references())
    assert (waiting.path, waiting.target_entity, waiting.target_key) == ("customer", "customer", "A1")

    master("salesforce.accounts", CRM)
    customer = only(live("customer"))
    assert document_of(engagement)["customer"] == str(customer)
    assert waiting_references() == []
    assert pending_counts() == {}


def test_order_of_arrival_does_not_matter() -> None:
    """Every order of three loads ends in the same golden records, where no approver has a say in between."""
    ApprovalPolicy.objects.update(status="retired")
    loads = [
        ("salesforce.accounts", CRM),
        ("netsuite.customers", ERP),
        (
            "salesforce.accounts",
            account("A2", "Northwind Harbor Limited", Website="northwind-harbour.example"),
        ),
    ]
    states = set()
    for order in itertools.permutations(loads):
        for model in (SourceRecord, GoldenRecord):
            assert not model.objects.exists()
        for layout, row in order:
            master(layout, row)
        states.add(frozenset(state_of_golden_data("customer")))
        _wipe()
    assert len(states) == 1


def _wipe() -> None:
    """Empty the hub of records; rules stay."""

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "TRUNCATE golden_goldenrecord, sources_sourcerecord, sources_load, matching_blockingkey,"
            " matching_comparedpair CASCADE"
        )


def test_deleted_source_record_retires_its_golden_record_and_comes_back() -> None:
    master("salesforce.accounts", CRM)
    golden = only(live("customer"))
    master("salesforce.accounts", {**CRM, "IsDeleted": True, "SystemModstamp": "2026-01-10T00:00:00Z"})
    header = GoldenRecord.objects.get(pk=golden)
    assert (header.status, header.version) == ("retired", 2)
    master("salesforce.accounts", {**CRM, "SystemModstamp": "2026-01-11T00:00:00Z"})
    header.refresh_from_db()
    assert (header.status, header.version) == ("live", 3)


def test_a_worker_that_dies_leaves_its_records_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    land("salesforce.accounts", CRM)

    class Killed(BaseException):
        pass

    def die(**_: object) -> None:
        raise Killed

    monkeypatch.setattr("apps.pipeline.run.finish_pending", die)
    with pytest.raises(Killed):
        run_pending()
    monkeypatch.undo()
    assert (pending_counts(), GoldenRecord.objects.count()) == ({"customer": 1}, 0)
    assert run_pending().created == 1


def test_cycle_in_a_hierarchy_costs_one_reference_and_is_shown() -> None:
    master("salesforce.accounts", account("A1", "Zephyr Group plc", ParentId="A3"))
    master("salesforce.accounts", account("A2", "Quantock Advisory Ltd", ParentId="A1"))
    master("salesforce.accounts", account("A3", "Umbra Shipping Ltd", ParentId="A2"))
    parents = {
        key: document_of(home_of("salesforce", "customer", key)).get("parent") for key in ("A1", "A2", "A3")
    }
    assert parents["A2"] == str(home_of("salesforce", "customer", "A1"))
    assert sum(parent is not None for parent in parents.values()) == 2
    rejected = only(RejectedRow.objects.all())
    assert (rejected.code, rejected.column, rejected.status) == ("cycle", "parent", "open")
    assert "over 3 records" in rejected.reason
    master("salesforce.accounts", account("A3", "Umbra Shipping Ltd", SystemModstamp="2026-02-02T00:00:00Z"))
    below, above = (home_of("salesforce", "customer", key) for key in ("A1", "A3"))
    assert document_of(below).get("parent") == str(above)
    rejected.refresh_from_db()
    assert rejected.status == "replayed"


def test_two_tax_numbers_of_one_country_are_two_customers_until_two_persons_say_otherwise() -> None:
    olga = create_user(username="olga", roles=[Role.STEWARD])
    anna = create_user(username="anna", roles=[Role.APPROVER])
    shared = {**ADDRESS, "Phone": "+441134960001"}
    master(
        "salesforce.accounts",
        account("A1", "Harbour Tenants Ltd", VAT__c="GB980780684", Tax_Country__c="GB", **shared),
    )
    master(
        "salesforce.accounts",
        account("A2", "Harbour Tenants Ltd", VAT__c="GB100000034", Tax_Country__c="GB", **shared),
    )
    assert len(live("customer")) == 2
    pair = only(CandidatePair.objects.filter(status="open"))
    with as_user("olga", olga.pk):
        with pytest.raises(NeedsApprover, match="tax ids differ"):
            decide_pair(pair_id=pair.pk, verdict=Verdict.MATCH, reason="one of the numbers is old", now=NOW)
        asked = propose_merge(record_ids=live("customer"), reason="one of the numbers is old", now=NOW)
    assert asked.record_id is None
    assert asked.request_id is not None
    assert len(live("customer")) == 2
    with as_user("anna", anna.pk):
        approve_operation(request_id=asked.request_id, reason="seen the certificate", now=NOW)
    assert len(live("customer")) == 1
    pair.refresh_from_db()
    assert pair.status == "obsolete"


def test_a_run_acts_for_who_brought_the_records_whoever_woke_it() -> None:
    with as_user("crm-client", 41):
        land("salesforce.accounts", CRM)
    with as_user("somebody-else", 42):
        run_pending()
    header = GoldenRecord.history.get()
    event = OutboxEvent.objects.get()
    load = Load.objects.get()
    assert (header.actor, header.history_user_id, header.correlation_id) == (
        "crm-client",
        41,
        load.correlation_id,
    )
    assert (event.actor, event.correlation_id) == ("crm-client", load.correlation_id)


def test_records_of_one_batch_may_refer_to_each_other() -> None:
    master(
        "salesforce.accounts",
        account("A2", "Quantock Advisory Ltd", ParentId="A1"),
        account("A1", "Zephyr Mills Ltd"),
    )

    child = document_of(home_of("salesforce", "customer", "A2"))
    assert child["parent"] == str(home_of("salesforce", "customer", "A1"))
