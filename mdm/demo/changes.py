"""What happens to customers and people in the second wave: the row as it was, edited, under a later time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from mdm.demo import certinia, keys, netsuite, netsuite_work, salesforce, staff
from mdm.demo.batch import CROSSWALK, CUSTOMERS, DISAGREEMENTS, Batch, Row
from mdm.demo.cells import cell, key_of, put
from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.extracts import add_customer
from mdm.demo.firm import Firm
from mdm.demo.names import build_name
from mdm.demo.places import make_address
from mdm.demo.seeds import stream
from mdm.demo.workforce import TrueWorker

LATER = AS_OF + timedelta(days=14)
STAMPS = {
    salesforce.ACCOUNTS: "SystemModstamp",
    salesforce.CONTACTS: "SystemModstamp",
    salesforce.OPPORTUNITIES: "SystemModstamp",
    netsuite.CUSTOMERS: "lastModifiedDate",
    netsuite_work.JOBS: "lastModifiedDate",
    netsuite_work.INVOICES: "lastModifiedDate",
    certinia.PROJECTS: "SystemModstamp",
    certinia.MILESTONES: "SystemModstamp",
    staff.WORKERS: "Last_Modified",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a delta extract and why it is there."""

    file: str
    row: Row
    key: str
    true_id: str
    kind: str


def changed(rng: Random, file: str, row: Row, true_id: str, kind: str) -> Change:
    """The edited row under a time of change after the first extracts."""
    put(file, row, STAMPS[file], keys.stamp(rng, LATER, within=13))
    return Change(file, row, key_of(row), true_id, kind)


def _move(rng: Random, row: Row, customer: TrueCustomer) -> None:
    address = make_address(rng, customer.country, rng.choice(customer.country.cities))
    for column, value in (
        ("BillingStreet", address.line1),
        ("BillingCity", address.city),
        ("BillingState", address.region),
        ("BillingPostalCode", address.postcode),
    ):
        put(salesforce.ACCOUNTS, row, column, value)


def _crm_change(rng: Random, row: Row, customer: TrueCustomer, draw: float) -> Change | None:
    file, kind = salesforce.ACCOUNTS, ""
    if draw < 0.04:
        _move(rng, row, customer)
        kind = "address_changed"
    elif draw < 0.06:
        put(file, row, "Phone", customer.phone[:-2] + f"{rng.randrange(10, 99)}")
        kind = "phone_changed"
    elif draw < 0.08:
        dormant = cell(file, row, "Status__c") == "Dormant"
        put(file, row, "Status__c", "Active" if dormant else "Dormant")
        kind = "status_changed"
    elif draw < 0.10 and not cell(file, row, "VAT__c"):
        put(file, row, "VAT__c", customer.tax_id)
        put(file, row, "Tax_Country__c", customer.country.code)
        kind = "tax_id_added"
    elif draw < 0.12:
        return Change(file, row, key_of(row), customer.true_id, "sent_again_unchanged")
    elif draw < 0.13:
        put(file, row, "Name", f"{cell(file, row, 'Name')} (old)")
        put(file, row, "SystemModstamp", keys.stamp(rng, AS_OF - timedelta(days=400)))
        return Change(file, row, key_of(row), customer.true_id, "older_version")
    return changed(rng, file, row, customer.true_id, kind) if kind else None


def _erp_change(rng: Random, row: Row, customer: TrueCustomer, batch: Batch, draw: float) -> Change | None:
    file, kind = netsuite.CUSTOMERS, ""
    if 0.20 < draw < 0.22:
        name = build_name(
            customer.country, f"{customer.name.brand} Nova", customer.name.sector, customer.name.form
        )
        put(file, row, "companyName", name.legal)
        batch.add(CUSTOMERS, [
            customer.true_id, name.legal, customer.country.code, customer.tax_id, customer.registration_no,
            customer.domain, customer.parent_id, customer.group_id, customer.family,
        ])  # fmt: skip
        kind = "renamed"
    elif 0.22 < draw < 0.24:
        put(file, row, "creditHoldOverride", netsuite.ref("ON", "On"))
        put(file, row, "entityStatus", netsuite.ref("13", "CUSTOMER-On Hold"))
        for item in cell(file, row, "subsidiaryTerms")["items"]:
            item["creditHold"] = True
        kind = "put_on_hold"
    elif 0.24 < draw < 0.27:
        limit = customer.credit_limit * 2
        put(file, row, "creditLimit", limit)
        cell(file, row, "subsidiaryTerms")["items"][0]["creditLimit"] = limit
        kind = "credit_limit_raised"
    return changed(rng, file, row, customer.true_id, kind) if kind else None


def customer_change(
    firm: Firm, batch: Batch, customer: TrueCustomer, rng: Random, draw: float
) -> Iterator[Change]:
    """What happened to a customer: nearly one customer in three changes; `draw` in [0, 1) says how."""
    if draw > 0.30:
        return
    before = Batch()
    add_customer(before, firm, customer)
    found: list[Change | None] = []
    if customer.in_crm and draw < 0.13:
        found.append(_crm_change(rng, before.rows[salesforce.ACCOUNTS][0], customer, draw))
    if customer.in_erp and draw > 0.20:
        found.append(_erp_change(rng, before.rows[netsuite.CUSTOMERS][0], customer, batch, draw))
    yield from (change for change in found if change)
    if customer.in_crm and 0.13 < draw < 0.15:
        twin = Batch()
        salesforce.add_account(twin, rng, customer, firm.staff.managers, copy=2)
        row = twin.rows[salesforce.ACCOUNTS][0]
        batch.known("salesforce", "customer", key_of(row), customer.true_id, duplicate=True)
        yield changed(rng, salesforce.ACCOUNTS, row, customer.true_id, "new_duplicate")


def new_customer(firm: Firm, batch: Batch, customer: TrueCustomer, rng: Random) -> Iterator[Change]:
    """A customer that neither system knew before."""
    fresh = Batch()
    add_customer(fresh, firm, customer)
    for file in (CUSTOMERS, DISAGREEMENTS):
        for row in fresh.rows[file]:
            batch.add(file, row)
    batch.differences.update(fresh.differences)
    for system, entity, key, true_id, twice in fresh.rows[CROSSWALK]:
        batch.known(system, entity, key, true_id, duplicate=bool(twice))
    for file in (salesforce.ACCOUNTS, salesforce.CONTACTS, netsuite.CUSTOMERS):
        for row in fresh.rows[file]:
            yield changed(rng, file, row, customer.true_id, "new_customer")


def _worker_edit(row: Row, worker: TrueWorker, draw: float) -> str:
    if draw < 0.03:
        put(staff.WORKERS, row, "Termination_Date", date(2026, 11, 30))
        put(staff.WORKERS, row, "Worker_Status", "Notice")
        return "leaves"
    if draw < 0.06:
        put(staff.WORKERS, row, "Cost_Center", f"{worker.entity.code}-MANAGED")
        return "cost_centre_moved"
    put(staff.WORKERS, row, "Legal_Last_Name", f"{worker.person.family}-Hall")
    put(staff.WORKERS, row, "Legal_Name", f"{worker.person.full}-Hall")
    return "married_name"


def worker_change(firm: Firm, worker: TrueWorker, rng: Random, draw: float) -> Iterator[Change]:
    """Somebody leaves, moves to another cost centre, or takes another name; `draw` in [0, 1) says which."""
    if worker.status == "Active" and worker.in_hris and worker.serial > 6 and draw < 0.08:
        row = staff.worker_row(stream(firm.seed, "staff", worker.serial), worker, firm.workers)
        kind = _worker_edit(row, worker, draw)
        yield changed(rng, staff.WORKERS, row, worker.true_id, kind)
