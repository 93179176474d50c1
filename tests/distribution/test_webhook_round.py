"""Sandbox CRM, webhook over HTTP, inbox, golden record, sandbox ERP; what the hub wrote comes back as an echo."""

from collections.abc import Iterator

import httpx2
import pytest

from apps.connectors.sandbox import RunningSandbox, start_sandbox
from apps.distribution.models import InboxMessage
from apps.distribution.selectors import database_now
from apps.distribution.services import deliver_due, fetch_inbox
from apps.outbox.models import OutboxEvent
from apps.pipeline.services import run_pending
from apps.sources.models import SourceSystem
from tests.distribution.golden import connect
from tests.hub import document_of, erp_customer, live, master, only, seed
from tests.serving import hub_address

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMER = {
    "hubspot": ("hubspot.company", "companies", "phone"),
    "salesforce": ("salesforce.account", "Account", "Phone"),
    "dataverse": ("dataverse.account", "accounts", "telephone1"),
}
"""Mapping, object and a field of a customer, by kind."""


def deliver(system: str) -> None:
    deliver_due(target=system, limit=100, worker="w1", now=database_now())


def work(system: str) -> None:
    """What workers do: fetch what was named, master what landed."""
    while fetch_inbox(system=system, now=database_now()):
        run_pending()


@pytest.fixture(params=sorted(CUSTOMER))
def crm(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """The seeded hub with a CRM that tells it of every change, over HTTP."""
    seed()
    kind = request.param
    SourceSystem.objects.get_or_create(code=kind, defaults={"name": kind, "role": "crm"})
    server = start_sandbox(kind)
    connect(server, {CUSTOMER[kind][0]: "customer"})
    with hub_address() as address:
        url = f"{address}/api/v1/webhooks/{kind}"
        assert httpx2.post(f"{server.server.base_url}/__webhook__", json={"url": url}).status_code == 200
        yield server
    server.stop()


def test_a_change_over_there_reaches_the_erp_by_itself(
    crm: RunningSandbox, erp_server: RunningSandbox
) -> None:
    _, obj, phone = CUSTOMER[crm.name]
    connect(erp_server, {"netsuite.customer": "customer"})
    of_the_erp = erp_customer("77", "Northwind Harbour Ltd", subsidiary={"refName": "UK01"})
    master("netsuite.customers", of_the_erp)
    golden = only(live("customer"))
    deliver(crm.name)
    deliver("netsuite")
    assert {one.status for one in crm.system.sender.wait()} == {202}
    events = OutboxEvent.objects.count()
    work(crm.name)
    assert InboxMessage.objects.filter(state="landed").exists()
    assert OutboxEvent.objects.count() == events  # the hub's own write: an echo

    edit = {"obj": obj, "ext_id": str(golden), "values": {phone: "+441132004000"}}
    assert httpx2.post(f"{crm.server.base_url}/__edit__", json=edit).status_code == 200
    crm.system.sender.wait()
    work(crm.name)
    assert document_of(golden)["phone"] == "+441132004000"
    deliver("netsuite")
    held = erp_server.store.find("customer", ext_id=str(golden))
    assert held is not None
    assert held.body["phone"] == "+441132004000"
    assert OutboxEvent.objects.count() == events + 1
    assert not InboxMessage.objects.exclude(state="landed").exists()


def test_a_system_that_sends_none_says_so(erp_server: RunningSandbox) -> None:
    refused = httpx2.post(f"{erp_server.base_url}/__webhook__", json={"url": "http://127.0.0.1:9"})
    assert refused.status_code == 400
