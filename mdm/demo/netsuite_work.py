"""What the ERP holds about work: sales orders with billing schedules, jobs, invoices and credit memos."""

from datetime import timedelta
from random import Random
from typing import Any

from mdm.demo import keys
from mdm.demo.batch import Batch, cents, number
from mdm.demo.customers import AS_OF
from mdm.demo.invoices import InvoiceLine, TrueInvoice
from mdm.demo.netsuite import Json, currency, ref, subsidiary, terms
from mdm.demo.planning import REV_REC
from mdm.demo.work import TrueEngagement, TrueProject

ORDERS, JOBS, INVOICES = "netsuite/sales_orders.ndjson", "netsuite/jobs.csv", "netsuite/invoices.ndjson"
COLUMNS: dict[str, tuple[str, ...]] = {
    JOBS: (
        "id", "entityId", "companyName", "externalId", "parent_id", "salesOrder_id", "contract_number",
        "subsidiary",
        "deliverySubsidiary", "costCenter", "profitCenter", "projectManager", "jobBillingType",
        "isBillable", "currency",
        "revRecRule", "startDate", "projectedEndDate", "entityStatus", "isInactive", "jobPrice",
        "parentJob_id",
        "lastModifiedDate",
    ),
}  # fmt: skip
ORDER_STATUS = {
    "signed": "Pending Approval",
    "active": "Partially Billed",
    "on_hold": "Partially Billed",
    "completed": "Billed",
    "closed": "Closed",
}
JOB_BILLING = {"Time and Materials": "TM", "Fixed Price": "FBI", "Milestone": "FBM"}
JOB_STATUS = {
    "Planned": "Awaiting",
    "In Progress": "In Progress",
    "On Hold": "On Hold",
    "Completed": "Completed",
    "Closed": "Closed",
}


def order(rng: Random, engagement: TrueEngagement, *, shared: bool) -> Json:
    """The sales order; `shared` says whether it names the contract and the opportunity."""
    linked = shared and engagement.customer.in_crm and rng.random() < 0.6
    schedule = [
        {
            "line": line,
            "date": str(item.due),
            "milestone": item.milestone or None,
            "amount": number(item.amount),
        }
        for line, item in enumerate(engagement.schedule, start=1)
    ]
    return {
        "id": keys.sales_order(engagement.serial),
        "tranId": f"SO{engagement.serial:07d}",
        "entity": ref(keys.netsuite_customer(engagement.customer.serial), engagement.customer.name.legal),
        "externalId": keys.opportunity_id(engagement.serial) if linked else None,
        "custbody_contract_number": engagement.contract_no,
        "memo": engagement.name,
        "otherRefNum": engagement.po_number or None,
        "subsidiary": subsidiary(engagement.entity),
        "currency": currency(engagement.currency),
        "total": number(engagement.current_value),
        "custbody_base_value": number(engagement.base_value),
        "tranDate": str(engagement.signed_on),
        "startDate": str(engagement.start),
        "endDate": str(engagement.current_end),
        "terms": terms(engagement.customer.terms),
        "custbody_contract_type": engagement.contract_type,
        "custbody_cap": number(engagement.cap) if engagement.cap is not None else None,
        "custbody_rev_rec_method": REV_REC[engagement.contract_type],
        "custbody_service_line": engagement.service_line,
        "status": ref("B", ORDER_STATUS[engagement.status]),
        "billingSchedule": {"items": schedule},
        "lastModifiedDate": keys.stamp(rng, AS_OF),
    }


def add_order(batch: Batch, rng: Random, engagement: TrueEngagement, *, shared: bool) -> None:
    """A sales order; a few carry another currency or another start date than the contract."""
    row, draw = order(rng, engagement, shared=shared), rng.random()
    key = row["id"]
    batch.known("netsuite", "engagement", key, engagement.true_id)
    if draw < 0.015:
        other = "EUR" if engagement.currency != "EUR" else engagement.entity.currency
        other = other if other != engagement.currency else "USD"
        row["currency"] = currency(other)
        batch.differs(
            "engagement",
            engagement.true_id,
            "netsuite",
            key,
            ("currency", "other_currency", engagement.currency, other),
        )
    elif draw < 0.06:
        row["startDate"] = str(engagement.start + timedelta(days=rng.choice((7, 14, 31))))
        difference = ("start", "other_date", str(engagement.start), row["startDate"])
        batch.differs("engagement", engagement.true_id, "netsuite", key, difference)
    elif draw < 0.09:
        row["custbody_base_value"] = round(row["custbody_base_value"] * 1.05, 2)
        difference = (
            "base_value",
            "other_price",
            str(number(engagement.base_value)),
            str(row["custbody_base_value"]),
        )
        batch.differs("engagement", engagement.true_id, "netsuite", key, difference)
    batch.add(ORDERS, row)


def job(rng: Random, engagement: TrueEngagement, project: TrueProject, *, linked: bool) -> list[Any]:
    """A project as the ERP holds it."""
    entity = engagement.entity
    return [
        keys.job(project.serial), project.project_no, project.name[:83],
        keys.psa_project(project.serial) if linked else "",
        keys.netsuite_customer(engagement.customer.serial), keys.sales_order(engagement.serial),
        engagement.contract_no,
        entity.code, project.delivery.code, f"{project.delivery.code}-{engagement.service_line}",
        f"PC-{engagement.service_line}",
        project.manager.worker_id, JOB_BILLING[project.billing_type], "true", engagement.currency,
        REV_REC[engagement.contract_type], str(project.start), str(project.end), JOB_STATUS[project.stage],
        "true" if project.stage == "Closed" else "false", cents(project.budget),
        keys.job(project.parent.serial) if project.parent else "", keys.stamp(rng, AS_OF),
    ]  # fmt: skip


def add_job(batch: Batch, rng: Random, engagement: TrueEngagement, project: TrueProject) -> None:
    """A job; some have an end date of their own or a project number written otherwise."""
    row, draw = job(rng, engagement, project, linked=rng.random() < 0.5), rng.random()
    key = row[0]
    batch.known("netsuite", "project", key, project.true_id)
    if draw < 0.03:
        row[1], row[3] = project.project_no.replace("-", "/"), ""
        batch.differs(
            "project",
            project.true_id,
            "netsuite",
            key,
            ("project_no", "other_spelling", project.project_no, row[1]),
        )
    elif draw < 0.09:
        row[17] = str(project.end - timedelta(days=rng.choice((5, 10, 12))))
        batch.differs(
            "project", project.true_id, "netsuite", key, ("end", "other_date", str(project.end), row[17])
        )
    elif draw < 0.10:
        row[14] = "USD" if engagement.currency != "USD" else "EUR"
        difference = ("currency", "other_currency", engagement.currency, row[14])
        batch.differs("project", project.true_id, "netsuite", key, difference)
    batch.add(JOBS, row)


def _line(index: int, line: InvoiceLine, invoice: TrueInvoice) -> Json:
    return {
        "line": index,
        "item": ref("77", invoice.engagement.service_line),
        "job": ref(keys.job(line.project.serial), line.project.project_no),
        "description": line.text,
        "quantity": 1,
        "rate": number(line.net),
        "amount": number(line.net),
        "taxCode": ref(invoice.tax_code, invoice.tax_code),
        "taxRate1": invoice.tax_rate,
        "tax1Amt": number(line.tax),
        "custcol_milestone": keys.psa_milestone(line.milestone.serial) if line.milestone else None,
        "custcol_period": line.period,
    }


def invoice_record(rng: Random, invoice: TrueInvoice) -> Json:
    """An invoice or credit memo with its lines."""
    engagement, origin = invoice.engagement, invoice.credit_of
    net, tax = invoice.net, invoice.tax
    return {
        "id": keys.invoice(invoice.serial),
        "recordType": invoice.kind,
        "tranId": invoice.invoice_no,
        "createdFrom": ref(keys.sales_order(engagement.serial), f"Sales Order #SO{engagement.serial:07d}"),
        "creditOf": ref(keys.invoice(origin.serial), origin.invoice_no) if origin else None,
        "entity": ref(keys.netsuite_customer(engagement.customer.serial), engagement.customer.name.legal),
        "subsidiary": subsidiary(engagement.entity),
        "currency": currency(engagement.currency),
        "exchangeRate": invoice.fx_rate,
        "tranDate": str(invoice.issued_on),
        "dueDate": str(invoice.due_on),
        "terms": terms(invoice.terms),
        "otherRefNum": engagement.po_number or None,
        "subtotal": number(net),
        "taxTotal": number(tax),
        "total": number(net + tax),
        "amountPaid": number(invoice.paid),
        "amountRemaining": number(net + tax - invoice.paid),
        "lastPaymentDate": str(invoice.paid_on) if invoice.paid_on else None,
        "custbody_dispute": invoice.dispute or None,
        "custbody_dunning_level": invoice.dunning,
        "status": ref("A", invoice.status),
        "item": {"items": [_line(index, line, invoice) for index, line in enumerate(invoice.lines, start=1)]},
        "lastModifiedDate": keys.stamp(rng, AS_OF, within=(AS_OF - invoice.issued_on).days + 1),
    }


def add_invoice(batch: Batch, rng: Random, invoice: TrueInvoice) -> None:
    """An invoice or credit memo."""
    row = invoice_record(rng, invoice)
    batch.known("netsuite", "invoice", row["id"], invoice.true_id)
    batch.add(INVOICES, row)
