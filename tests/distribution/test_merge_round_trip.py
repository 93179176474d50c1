"""Merge and unmerge all the way: what the CRM and the ERP hold over HTTP before, between and after."""

from typing import Any
from uuid import UUID

import pytest

from apps.connectors.sandbox import RunningSandbox
from apps.distribution.models import DeliveryAttempt, ExternalRef, Lane
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due
from apps.mastering.models import Merge
from apps.stewardship.models import ApprovalPolicy
from apps.stewardship.services import merge_records, undo_merge
from tests.distribution.golden import Target, connect
from tests.hub import account, document_of, erp_customer, home_of, live, master, seed

pytestmark = pytest.mark.django_db(transaction=True)

CRM = {"salesforce.account": "customer", "salesforce.opportunity": "engagement"}
ERP = {"netsuite.customer": "customer", "netsuite.engagement": "engagement"}
OBJECTS = {"salesforce": ("Account", "Opportunity"), "netsuite": ("customer", "customrecord_mdm_engagement")}


@pytest.fixture
def targets(crm_server: RunningSandbox, erp_server: RunningSandbox) -> list[Target]:
    """The CRM and the ERP both hold two customers, each with an engagement of its own."""
    seed()
    ApprovalPolicy.objects.update(status="retired")
    both = [connect(crm_server, CRM), connect(erp_server, ERP)]
    for key, name, duns in (
        ("A1", "Zephyr Mills Ltd", "150483782"),
        ("A2", "Quantock Advisory Ltd", "804735132"),
    ):
        told = {"Status__c": "Active", "Selling_Entity__c": "UK01", "DunsNumber": duns}
        master("salesforce.accounts", account(key, name, **told))
        master("netsuite.customers", erp_customer(key.replace("A", "E"), name, custentity_duns=duns))
        master("salesforce.opportunities", opportunity(key.replace("A", "O"), key))
    assert len(live("customer")) == 2
    deliver(both)
    return both


def opportunity(key: str, customer: str) -> dict[str, Any]:
    return {
        "Id": key, "Name": f"Roll-out {key}", "AccountId": customer, "Amount": "1000", "CurrencyIsoCode": "EUR",
        "IsWon": True, "StageName": "Closed Won", "Contract_Number__c": f"CT-{key}", "Signed_On__c": "2026-01-31",
        "SystemModstamp": "2026-02-01T00:00:00Z", "Selling_Entity__c": "UK01",
    }  # fmt: skip


def deliver(targets: list[Target]) -> None:
    """Deliver until nothing is due; a child waits for its parent for a round."""
    for _ in range(3):
        for target in targets:
            deliver_due(target=target.connection.code, limit=500, worker="w1", now=database_now())
    behind = [lane for lane in Lane.objects.all() if lane.done_seq < lane.last_seq or lane.parked_at]
    assert [(str(lane), lane.code, lane.note, lane.park_reason) for lane in behind] == []


def held(target: Target) -> dict[str, dict[str, Any]]:
    """Return what a target holds, by object and external id, native ids included."""
    return {
        f"{obj}:{row.ext_id}": {"native": row.native_id, **row.body}
        for obj in OBJECTS[target.connection.code]
        for row in target.server.store.rows(obj)
    }


def customer_of(target: Target, engagement: UUID) -> str | None:
    """Return the external id of the customer that a target's engagement points at."""
    parent, child = OBJECTS[target.connection.code]
    row = target.server.store.find(child, ext_id=str(engagement))
    assert row is not None
    reference = row.body["AccountId" if parent == "Account" else "custrecord_mdm_customer"]
    native = reference["id"] if isinstance(reference, dict) else reference
    found = target.server.store.find(parent, native_id=native)
    return found.ext_id if found else None


def body(target: Target, obj: str, record: UUID) -> dict[str, Any]:
    row = target.server.store.find(obj, ext_id=str(record))
    return row.body if row else {}


def refs() -> set[tuple[str, UUID, str, str, bool]]:
    rows = ExternalRef.objects.values_list(
        "connection_id", "record_id", "external_id", "native_id", "deactivated"
    )
    return set(rows)


def test_both_targets_hold_two_again_after_a_merge_was_delivered_and_undone(targets: list[Target]) -> None:
    customers = [home_of("salesforce", "customer", key) for key in ("A1", "A2")]
    work = [home_of("salesforce", "engagement", key) for key in ("O1", "O2")]
    before, refs_before = [held(target) for target in targets], refs()
    for target in targets:
        assert [customer_of(target, each) for each in work] == [str(each) for each in customers]

    survivor = merge_records(record_ids=customers, method="steward", reason="one firm", now=database_now())
    [loser] = set(customers) - {survivor}
    deliver(targets)

    for target in targets:
        assert [customer_of(target, each) for each in work] == [str(survivor)] * 2
        parent, off = (("Account", ("Status__c", "Closed")), ("customer", ("isInactive", True)))[
            target.connection.code == "netsuite"
        ]
        assert body(target, parent, loser)[off[0]] == off[1]
        assert body(target, parent, survivor)[off[0]] != off[1]
    assert {ref[1] for ref in refs() if ref[4]} == {loser}

    delivered = DeliveryAttempt.objects.count()
    undo_merge(merge_id=Merge.objects.get().pk, reason="two firms", now=database_now())
    deliver(targets)

    assert sorted(live("customer")) == sorted(customers)
    assert [home_of("netsuite", "customer", key) for key in ("E1", "E2")] == customers
    assert [document_of(each)["customer"] for each in work] == [str(each) for each in customers]
    assert [held(target) for target in targets] == before
    assert refs() == refs_before
    sent = DeliveryAttempt.objects.order_by("started_at", "id")[delivered:]
    assert {each.outcome for each in sent} <= {"updated", "unchanged"}
    for target in targets:
        for obj in OBJECTS[target.connection.code]:
            verbs = [effect.verb for effect in target.server.effects(obj)]
            rows = target.server.store.rows(obj)
            assert (verbs.count("created"), verbs.count("deleted")) == (len(rows), 0)
