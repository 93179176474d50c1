"""Rows that are wrong on purpose: unusable cells, missing keys, references to nothing."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mdm.demo import certinia, keys, netsuite, netsuite_work, salesforce, staff
from mdm.demo.batch import Batch, Row
from mdm.demo.cells import key_of, put
from mdm.demo.customers import Allocator, TrueCustomer, make_customer
from mdm.demo.firm import Firm, Portfolio
from mdm.demo.identifiers import break_check_digit, tax_id
from mdm.demo.invoices import TrueInvoice
from mdm.demo.names import company_name
from mdm.demo.places import PhoneBook
from mdm.demo.seeds import SeenFilter, stream
from mdm.demo.vocabulary import countries
from mdm.demo.work import MAX_ENGAGEMENTS, Assignment, TrueEngagement, TrueProject
from mdm.demo.workforce import make_worker

OWN = "<its own key>"
# (file, column, value, reason, what to expect)
CUSTOMER_FAULTS: tuple[tuple[str, str, Any, str, str], ...] = (
    (salesforce.ACCOUNTS, "Id", "", "no key", "error"),
    (salesforce.ACCOUNTS, "SystemModstamp", "2026-13-45T25:61:00Z", "impossible time", "error"),
    (salesforce.ACCOUNTS, "VAT__c", "<broken>", "wrong check digit", "issue"),
    (salesforce.ACCOUNTS, "Name", "", "no name", "issue"),
    (salesforce.ACCOUNTS, "BillingCountryCode", "Untied Kingdom", "no such country", "issue"),
    (salesforce.ACCOUNTS, "ParentId", OWN, "is its own parent", "issue"),
    (netsuite.CUSTOMERS, "creditLimit", -5000, "negative credit limit", "issue"),
    (netsuite.CUSTOMERS, "creditLimit", "unlimited", "text in a number", "error"),
    (netsuite.CUSTOMERS, "companyName", None, "no name", "issue"),
)
WORK_FAULTS: tuple[tuple[str, str, Any, str, str], ...] = (
    (salesforce.OPPORTUNITIES, "Signed_On__c", "31/02/2026", "no such day", "error"),
    (salesforce.OPPORTUNITIES, "Amount", "twelve thousand", "text in a number", "error"),
    (salesforce.CONTACTS, "Email", "not-an-email", "no e-mail address", "issue"),
    (netsuite_work.JOBS, "startDate", "0000-00-00", "no such day", "error"),
    (netsuite_work.INVOICES, "total", "N/A", "text in a number", "error"),
    (netsuite_work.INVOICES, "taxTotal", 1.23, "net + tax is not gross", "issue"),
    (netsuite_work.INVOICES, "id", "<again>", "the same key twice", "issue"),
    (certinia.PROJECTS, "pse__Planned_Hours__c", "forty", "text in a number", "error"),
    (staff.ASSIGNMENTS, "pse__End_Date__c", "1999-01-01", "ends before it starts", "issue"),
)
WORKER_FAULTS: tuple[tuple[str, str, Any, str, str], ...] = (
    (staff.WORKERS, "Hire_Date", "n/a", "no date", "error"),
    (staff.WORKERS, "FTE", "=1/2", "a formula", "error"),
)
LOOSE_ENDS = (
    (salesforce.OPPORTUNITIES, "AccountId"),
    (netsuite_work.INVOICES, "item.items[0].job"),
    (certinia.PROJECTS, "pse__Project_Manager__c"),
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A row to append to a file and what is wrong with it; `expect` may also be dangling."""

    file: str
    row: Row
    key: str
    column: str
    value: str
    reason: str
    expect: str


@dataclass(frozen=True, slots=True)
class Host:
    """A true customer whose work the bad rows of one round imitate."""

    engagement: TrueEngagement
    project: TrueProject
    assignment: Assignment
    invoice: TrueInvoice

    def fresh(self, slot: int) -> int:
        """An engagement serial of this customer that no true engagement has."""
        return self.engagement.customer.serial * MAX_ENGAGEMENTS + MAX_ENGAGEMENTS - 1 - slot


def host_of(portfolio: Portfolio) -> Host | None:
    """The portfolio as a host, if it has work in every system."""
    customer = portfolio.customer
    if not (customer.in_crm and customer.in_erp and customer.status == "Active" and portfolio.invoices):
        return None
    invoice = portfolio.invoices[0]
    project = invoice.lines[0].project
    if not project.assignments:
        return None
    return Host(invoice.engagement, project, project.assignments[0], invoice)


def phantom(firm: Firm, number: int) -> TrueCustomer:
    """A plausible customer that is not among the firm's."""
    serial, country = firm.size + 1 + number, countries()["GB"]
    rng = stream(firm.seed, "phantom", serial)
    allocator = Allocator(SeenFilter(1), PhoneBook())
    customer = make_customer(rng, allocator, serial, country, company_name(rng, country), seed=firm.seed)
    customer.domain = customer.domain.replace(".example", "-x.example")
    customer.phone, customer.contacts, customer.systems, customer.status = (
        "",
        [],
        ("salesforce", "netsuite"),
        "Active",
    )
    return customer


def _customer_row(firm: Firm, file: str, customer: TrueCustomer) -> Row:
    batch, rng = Batch(), stream(firm.seed, "phantom row", customer.serial)
    if file == salesforce.ACCOUNTS:
        salesforce.add_account(batch, rng, customer, firm.staff.managers)
    else:
        netsuite.add_customer(batch, rng, customer)
    return batch.rows[file][0]


def _work_row(firm: Firm, file: str, host: Host, slot: int) -> Row:
    """A copy of one of the host's rows under a key of its own."""
    rng, serial, engagement = stream(firm.seed, "bad row", slot), host.fresh(min(slot, 2)), host.engagement
    if file == salesforce.OPPORTUNITIES:
        row: Row = salesforce.opportunity(rng, engagement, engagement.partner)
        put(file, row, "Id", keys.opportunity_id(serial))
        put(file, row, "Contract_Number__c", f"{engagement.contract_no}-{slot}")
    elif file == salesforce.CONTACTS:
        customer = engagement.customer
        serial = customer.serial
        ids = [keys.contact_role_id(serial, 7), keys.account_id(serial), keys.contact_id(serial, 7)]
        said = ["Technical", "false", "Robin", "Ashdown", "", "", "Head of IT"]
        row = [*ids, *said, keys.stamp(rng, engagement.signed_on)]
    elif file == netsuite_work.JOBS:
        row = netsuite_work.job(rng, engagement, host.project, linked=False)
        row[0], row[1] = keys.job(serial * 4 + slot // 4), f"{host.project.project_no}-{slot}"
    elif file == netsuite_work.INVOICES:
        row = copy.deepcopy(netsuite_work.invoice_record(rng, host.invoice))
        row["id"], row["tranId"] = keys.invoice(serial * 16 + slot), f"{host.invoice.invoice_no}-{slot}"
    elif file == certinia.PROJECTS:
        row = certinia.project_row(
            rng, engagement, host.project, engagement.customer.name.stem, contract=True
        )
        row[0], row[2], row[25] = (
            keys.psa_project(serial * 4 + slot // 4),
            f"{host.project.project_no}-{slot}",
            "",
        )
    else:
        assignment, batch = host.assignment, Batch()
        staff.add_assignment(batch, rng, engagement, host.project, assignment)
        row = batch.rows[file][0]
        put(file, row, "Id", keys.psa_assignment(serial * 16 + slot))
    return row


def _planted(file: str, row: Row, column: str, value: Any, reason: str, expect: str) -> Planted:
    key = key_of(row)
    put(file, row, column, key if value == OWN else value)
    return Planted(
        file,
        row,
        key_of(row),
        column,
        key if value == OWN else "" if value is None else str(value),
        reason,
        expect,
    )


def plant(firm: Firm, hosts: list[Host]) -> Iterator[Planted]:
    """The bad rows of all rounds; without a host (a tiny firm) those about work are left out."""
    for turn in range(firm.noise):
        for number, (file, column, value, reason, expect) in enumerate(CUSTOMER_FAULTS):
            customer = phantom(firm, turn * len(CUSTOMER_FAULTS) + number)
            if value == "<broken>":
                value = break_check_digit(tax_id("GB", customer.serial, seed=firm.seed))
            row = _customer_row(firm, file, customer)
            if isinstance(row, dict):
                row["externalId"] = None
            if column == "creditLimit" and isinstance(row, dict):
                row["subsidiaryTerms"]["items"][0][column] = value
            yield _planted(file, row, column, value, reason, expect)
        for number, (file, column, value, reason, expect) in enumerate(WORKER_FAULTS):
            serial = len(firm.workers) + 10 + turn * 2 + number
            rng = stream(firm.seed, "phantom worker", serial)
            worker = make_worker(rng, serial, serial + 10, PhoneBook(), firm.seed)
            worker.email, worker.phone = f"newcomer.{serial}@{worker.email.split('@')[1]}", ""
            row = staff.worker_row(rng, worker, firm.workers)
            put(file, row, "Manager_Employee_ID", firm.workers[0].worker_id)
            yield _planted(file, row, column, value, reason, expect)
        if turn < len(hosts):
            yield from _plant_work(firm, hosts[turn])


def _plant_work(firm: Firm, host: Host) -> Iterator[Planted]:
    for slot, (file, column, value, reason, expect) in enumerate(WORK_FAULTS):
        row = _work_row(firm, file, host, slot)
        if value == "<again>":
            yield Planted(file, copy.deepcopy(row), key_of(row), column, key_of(row), reason, expect)
            value = key_of(row)
        yield _planted(file, row, column, value, reason, expect)
    for slot, (file, column) in enumerate(LOOSE_ENDS, start=len(WORK_FAULTS)):
        row, serial = _work_row(firm, file, host, slot), 30_000_000 + host.engagement.customer.serial
        targets = (keys.account_id(serial), keys.job(serial), keys.psa_resource(serial))
        target = targets[slot - len(WORK_FAULTS)]
        if file == netsuite_work.INVOICES and isinstance(row, dict):
            row["item"]["items"][0]["job"] = {"id": target, "refName": "unknown job"}
        else:
            put(file, row, column, target)
        yield Planted(file, row, key_of(row), column, target, "refers to nothing", "dangling")
