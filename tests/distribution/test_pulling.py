"""Pull: changes of a system are landed once, with their cursor; overlaps, failures and expired tokens lose nothing."""

from typing import Any

import pytest

from apps.audit.context import Actor
from apps.connectors.models import Connection
from apps.connectors.sandbox import RunningSandbox, start_sandbox
from apps.distribution.models import PullFeed
from apps.distribution.selectors import database_now
from apps.distribution.services import Pulled, deliver_due, pull_changes
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import Load, SourceRecord, SourceSystem
from tests.distribution.golden import Target, closed_port, connect
from tests.hub import document_of, erp_customer, home_of, live, master, only, seed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def target(crm_server: RunningSandbox) -> Target:
    """The seeded hub, one customer of the ERP delivered to the CRM."""
    seed()
    found = connect(crm_server, {"salesforce.account": "customer"})
    master("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
    deliver_due(target="salesforce", limit=100, worker="w1", now=database_now())
    return found


def pull(system: str = "salesforce") -> Pulled:
    return pull_changes(target=system, actor=Actor(name="test"), now=database_now())


def person_sets(target: Target, **fields: Any) -> None:
    """Change the account over there as one of its users, by its own API's store."""
    row = only(target.server.store.rows("Account"))
    target.server.store.update(row, fields)


def test_what_the_hub_wrote_comes_back_to_its_record_and_starts_nothing(target: Target) -> None:
    golden, events = only(live("customer")), OutboxEvent.objects.count()
    assert (pull().landed, pull().landed) == (1, 0)
    run_pending()
    native = only(target.server.store.rows("Account")).native_id
    assert home_of("salesforce", "customer", native) == only(live("customer")) == golden
    assert OutboxEvent.objects.count() == events


def test_a_users_change_over_there_reaches_the_golden_record(target: Target) -> None:
    pull()
    run_pending()
    person_sets(target, Segment__c="Gold")
    assert pull().landed == 1
    run_pending()
    assert document_of(only(live("customer")))["segment"] == "Gold"
    assert pull().landed == 0  # the overlap is read again and lands nothing
    assert Load.objects.filter(origin="pulled from salesforce").count() == 2


def test_a_feed_that_fails_keeps_its_place(target: Target) -> None:
    Connection.objects.update(base_url=f"http://127.0.0.1:{closed_port()}")
    pulled = pull()
    assert list(pulled.failed) == ["salesforce.account"]
    feed = PullFeed.objects.get()
    assert (feed.cursor, feed.landed) == (None, 0)
    assert feed.note
    assert not SourceRecord.objects.filter(system="salesforce").exists()


def test_an_expired_token_has_everything_read_again() -> None:
    seed()
    SourceSystem.objects.create(code="dataverse", name="Dynamics 365", role="crm")
    server = start_sandbox("dataverse")
    try:
        connect(server, {"dataverse.account": "customer"})
        master("netsuite.customers", erp_customer("77", "Northwind Harbour Ltd", custentity_duns="150483782"))
        deliver_due(target="dataverse", limit=100, worker="w1", now=database_now())
        assert pull("dataverse").landed == 1
        server.arm("feed_expiry")
        pulled = pull("dataverse")
        assert (pulled.failed, pulled.resyncs, pulled.read, pulled.landed) == ({}, 1, 1, 0)
        assert PullFeed.objects.get().resyncs == 1
    finally:
        server.stop()


def test_lists_are_read_from_the_records_themselves(erp_server: RunningSandbox) -> None:
    """A feed of changes shows no lists; a record landed without them would lose its items."""
    seed()
    connect(erp_server, {"netsuite.customer": "customer"})
    row = erp_customer("77", "Northwind Harbour Ltd", subsidiary={"refName": "UK01"})
    address = {"addr1": "1 High St", "city": "Leeds", "country": {"id": "GB"}}
    book = {"items": [{"label": "registered", "addressBookAddress": address}]}
    master("netsuite.customers", {**row, "addressBook": book})
    deliver_due(target="netsuite", limit=100, worker="w1", now=database_now())
    pulled = pull("netsuite")
    assert (pulled.failed, pulled.landed) == ({}, 1)
    native = only(erp_server.store.rows("customer")).native_id
    landed = SourceRecord.objects.get(system="netsuite", key=native)
    assert [each["city"] for each in landed.values["addresses"]] == ["Leeds"]
