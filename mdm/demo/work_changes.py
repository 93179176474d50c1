"""What happens to work in the second wave: deals won, projects finished, invoices issued and paid."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from mdm.demo import certinia, keys, netsuite_work, salesforce
from mdm.demo.batch import Batch, Row, number
from mdm.demo.cells import cell, key_of, put
from mdm.demo.changes import LATER, Change, changed
from mdm.demo.customers import AS_OF
from mdm.demo.extracts import add_work
from mdm.demo.firm import Firm, Portfolio
from mdm.demo.invoices import InvoiceLine, TrueInvoice, fx_rate, tax_of, term_days
from mdm.demo.netsuite import ref
from mdm.demo.work import Milestone, TrueEngagement, TrueProject

INVOICE_SLOT = 15  # the last serial of an engagement, which the first extracts never use
Rows = dict[tuple[str, str], Row]


def _edit(file: str, row: Row, **values: object) -> None:
    for column, value in values.items():
        put(file, row, column, value)


def _win(rng: Random, batch: Batch, engagement: TrueEngagement, before: Rows) -> Change:
    file, key = salesforce.OPPORTUNITIES, keys.opportunity_id(engagement.serial)
    row, signed = before[file, key], str(LATER - timedelta(days=rng.randrange(1, 10)))
    _edit(
        file, row, StageName="Closed Won", IsWon=True, IsClosed=True, CloseDate=signed, Signed_On__c=signed,
        NextStep=None,
        Contract_Number__c=engagement.contract_no, ForecastCategory="Closed",
    )  # fmt: skip
    batch.known("salesforce", "engagement", key, engagement.true_id)
    return changed(rng, file, row, engagement.true_id, "closed_won")


def _amend(rng: Random, engagement: TrueEngagement, before: Rows) -> Change:
    file = salesforce.OPPORTUNITIES
    row = before[file, keys.opportunity_id(engagement.serial)]
    orders, seq = cell(file, row, "Change_Orders__r"), len(engagement.change_orders) + 1
    end = str(engagement.end + timedelta(days=30))
    orders["records"].append({
        "Id": keys.change_order_id(engagement.serial * 4 + seq), "Sequence__c": seq,
        "Value_Delta__c": number(engagement.base_value // 10), "New_End_Date__c": end,
        "End_Delta_Days__c": 30,
        "Status__c": "Approved", "Effective_On__c": None,
    })  # fmt: skip
    orders["totalSize"] = seq
    return changed(rng, file, row, engagement.true_id, "change_order_approved")


def _finish(rng: Random, project: TrueProject, before: Rows) -> Iterator[Change]:
    """A project is completed in the PSA and, where the ERP has it, in the ERP."""
    row = before[certinia.PROJECTS, keys.psa_project(project.serial)]
    _edit(
        certinia.PROJECTS, row, pse__Stage__c="Completed", pse__Is_Active__c="false",
        pse__Closed_for_Time_Entry__c="true"
    )  # fmt: skip
    yield changed(rng, certinia.PROJECTS, row, project.true_id, "project_completed")
    job = before.get((netsuite_work.JOBS, keys.job(project.serial)))
    if job:
        put(netsuite_work.JOBS, job, "entityStatus", "Completed")
        yield changed(rng, netsuite_work.JOBS, job, project.true_id, "project_completed")


def _next_milestone(engagement: TrueEngagement) -> tuple[TrueProject, Milestone] | None:
    waiting = [
        (project, milestone)
        for project in engagement.projects
        for milestone in project.milestones
        if not milestone.approved and milestone.amount > 0
    ]
    return min(waiting, key=lambda pair: pair[1].target, default=None)


def _invoice(engagement: TrueEngagement, line: InvoiceLine, tax: tuple[str, int], day: int) -> TrueInvoice:
    issued, terms = AS_OF + timedelta(days=day), engagement.customer.terms
    serial = engagement.serial * 16 + INVOICE_SLOT
    return TrueInvoice(
        serial, f"I{serial:09d}", f"INV-{engagement.entity.code[:2]}-{issued.year % 100}{serial:07d}",
        "invoice", engagement,
        None, issued, issued + timedelta(days=term_days(terms)), terms, *tax,
        fx_rate(engagement), [line], "Open", 0,
    )  # fmt: skip


def _bill(rng: Random, batch: Batch, engagement: TrueEngagement, before: Rows) -> Iterator[Change]:
    """A new invoice; for milestone contracts the PSA approves the next milestone first."""
    project, milestone, day = engagement.projects[0], None, rng.randrange(2, 12)
    net = engagement.current_value // 5_000_000 * 100_000  # a fiftieth, in whole thousands
    if engagement.contract_type == "milestone":
        if (found := _next_milestone(engagement)) is None:
            return
        project, milestone = found
        net = milestone.amount
    if net <= 0:
        return
    tax = tax_of(engagement.entity, engagement.customer.country.code)
    text = milestone.name if milestone else f"{project.name[:60]} Nov {AS_OF.year}"
    line = InvoiceLine(project, milestone, f"{AS_OF.year}-11", text, net, round(net * tax[1] / 100))
    invoice = _invoice(engagement, line, tax, day)
    if milestone:
        row = before[certinia.MILESTONES, keys.psa_milestone(milestone.serial)]
        _edit(
            certinia.MILESTONES, row, pse__Actual_Date__c=str(invoice.issued_on),
            pse__Approved_for_Billing__c="true",
            pse__Invoiced__c="true", Invoice_Number__c=invoice.invoice_no, pse__Status__c="Invoiced",
        )  # fmt: skip
        yield changed(rng, certinia.MILESTONES, row, project.true_id, "milestone_approved")
    record = netsuite_work.invoice_record(rng, invoice)
    batch.known("netsuite", "invoice", record["id"], invoice.true_id)
    yield changed(rng, netsuite_work.INVOICES, record, invoice.true_id, "new_invoice")


def _pay(rng: Random, invoice: TrueInvoice, before: Rows) -> Change:
    file = netsuite_work.INVOICES
    row = before[file, keys.invoice(invoice.serial)]
    _edit(
        file, row, amountPaid=number(invoice.gross), amountRemaining=0.0,
        lastPaymentDate=str(LATER - timedelta(days=3)),
        status=ref("A", "Paid In Full"), custbody_dunning_level=0,
    )  # fmt: skip
    return changed(rng, file, row, invoice.true_id, "paid")


def _engagement_changes(
    rng: Random, batch: Batch, engagement: TrueEngagement, before: Rows
) -> Iterator[Change]:
    in_crm = engagement.customer.in_crm
    if engagement.stage == "Negotiation" and in_crm and rng.random() < 0.5:
        yield _win(rng, batch, engagement, before)
    if engagement.status != "active":
        return
    if engagement.contract_type in ("tm", "capped", "milestone") and rng.random() < 0.6:
        yield from _bill(rng, batch, engagement, before)
    if in_crm and rng.random() < 0.05:
        yield _amend(rng, engagement, before)
    for project in engagement.projects:
        if project.stage == "In Progress" and project.end < LATER:
            yield from _finish(rng, project, before)


def work_changes(firm: Firm, batch: Batch, portfolio: Portfolio, rng: Random) -> Iterator[Change]:
    """Deals won, invoices issued and paid, milestones approved, projects finished, change orders agreed."""
    if not portfolio.engagements:
        return
    scratch = Batch()
    add_work(scratch, firm, portfolio)
    before: Rows = {(file, key_of(row)): row for file, rows in scratch.rows.items() for row in rows}
    for engagement in portfolio.engagements:
        yield from _engagement_changes(rng, batch, engagement, before)
    for invoice in portfolio.invoices:
        if invoice.status in ("Open", "Partially Paid") and rng.random() < 0.3:
            yield _pay(rng, invoice, before)
