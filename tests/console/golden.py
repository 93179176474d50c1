"""Golden records to look at: a customer two systems know, a worker with personal attributes, a change request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest

from apps.stewardship.models import ChangeRequest
from tests.hub import account, erp_customer, home_of, master, only

STREET = {
    "BillingStreet": "12 Harbour Road", "BillingCity": "Leeds", "BillingPostalCode": "LS1 4AP",
    "BillingCountryCode": "GB",
}  # fmt: skip
ERP_STREET = {"addr1": "12 HARBOUR RD", "city": "LEEDS", "zip": "LS1 4AP", "country": {"id": "GB"}}
CRM = account(
    "A1", "Northwind Harbour Ltd", Website="northwind-harbour.example", Status__c="Active", **STREET
)
ERP = erp_customer(
    "77",
    "NORTHWIND HARBOUR LIMITED",
    url="www.northwind-harbour.example",
    entityId="C-77",
    addressBook={"items": [{"defaultBilling": True, "addressBookAddress": ERP_STREET}]},
)
WORKER = {
    "Employee_ID": "W1", "Worker_Type": "Employee", "Legal_First_Name": "Ophelia", "Legal_Last_Name": "Quartermaine",
    "Legal_Name": "Ophelia Quartermaine", "Work_Email": "ophelia.quartermaine@firm.example",
    "Work_Phone": "+44 20 7946 0958",
}  # fmt: skip


def shared_customer() -> UUID:
    """Return a customer whose members are of two systems."""
    master("salesforce.accounts", CRM)
    master("netsuite.customers", ERP)
    record = home_of("salesforce", "customer", "A1")
    assert record == home_of("netsuite", "customer", "77")
    return record


def single_customer(key: str = "A2", name: str = "Quantock Advisory Ltd", **fields: Any) -> UUID:
    master("salesforce.accounts", account(key, name, **fields))
    return home_of("salesforce", "customer", key)


def waiting_request() -> ChangeRequest:
    """Return the change request that a renamed active customer comes to."""
    for day, name in ((1, "Acme Ltd"), (2, "Acme Holding Ltd")):
        row = account("A9", name, Status__c="Active", SystemModstamp=f"2026-02-{day:02}")
        master("salesforce.accounts", row)
    found: ChangeRequest = only(ChangeRequest.objects.filter(status="pending"))
    return found


@contextmanager
def counting_statements() -> Iterator[list[str]]:
    """Collect every statement sent to the database inside the block, by Django and past it."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counted)
        yield sent
