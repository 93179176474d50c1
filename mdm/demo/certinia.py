"""What the PSA holds about work: its own accounts, projects and milestones."""

from datetime import timedelta
from random import Random
from typing import Any

from mdm.demo import keys
from mdm.demo.batch import Batch, cents
from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.disagree import customer_view
from mdm.demo.vocabulary import firm_words
from mdm.demo.work import Milestone, TrueEngagement, TrueProject
from mdm.demo.workforce import REGION

ACCOUNTS, PROJECTS, MILESTONES = "certinia/accounts.csv", "certinia/projects.csv", "certinia/milestones.csv"
COLUMNS: dict[str, tuple[str, ...]] = {
    ACCOUNTS: (
        "Id", "Name", "AccountNumber", "Website", "Phone", "BillingStreet", "BillingCity",
        "BillingPostalCode",
        "BillingCountryCode", "ERP_Customer_Id__c", "SystemModstamp",
    ),
    PROJECTS: (
        "Id", "Name", "pse__Project_ID__c", "pse__Account__c", "Account_Name", "pse__Opportunity__c",
        "Contract_Number__c",
        "pse__Parent_Project__c", "pse__Project_Manager__c", "pse__Project_Type__c", "pse__Billing_Type__c",
        "pse__Is_Billable__c", "CurrencyIsoCode", "pse__Start_Date__c", "pse__End_Date__c", "pse__Stage__c",
        "pse__Is_Active__c", "pse__Planned_Hours__c", "pse__Bookings__c", "pse__Closed_for_Time_Entry__c",
        "pse__Closed_for_Expense_Entry__c", "pse__Practice__c", "pse__Region__c", "Selling_Entity__c",
        "Delivery_Entity__c",
        "ERP_Job_Id__c", "SystemModstamp",
    ),
    MILESTONES: (
        "Id", "pse__Project__c", "Name", "pse__Target_Date__c", "pse__Actual_Date__c",
        "pse__Milestone_Amount__c",
        "CurrencyIsoCode", "pse__Approved_for_Billing__c", "pse__Invoiced__c", "Invoice_Number__c",
        "pse__Status__c",
        "SystemModstamp",
    ),
}  # fmt: skip


def truth_value(flag: bool) -> str:
    """A checkbox in an export."""
    return "true" if flag else "false"


def practice(code: str) -> str:
    """The name of a service line."""
    return next(line["label"] for line in firm_words().service_lines if line["code"] == code)


def add_account(batch: Batch, rng: Random, customer: TrueCustomer) -> str:
    """The PSA's account of a customer; returns the name it goes by there."""
    view, key = customer_view(rng, customer, "certinia"), keys.psa_account(customer.serial)
    seen, linked = view.address, rng.random() < 0.35
    batch.add(ACCOUNTS, [
        key, view.name, keys.customer_number(customer.serial) if rng.random() < 0.3 else "", view.website,
        view.phone, seen.line1,
        seen.city, seen.postcode, seen.country, keys.netsuite_customer(customer.serial) if linked else "",
        keys.stamp(rng, AS_OF),
    ])  # fmt: skip
    batch.known("certinia", "customer", key, customer.true_id)
    for difference in view.differences:
        batch.differs("customer", customer.true_id, "certinia", key, difference)
    return view.name


def project_row(
    rng: Random, engagement: TrueEngagement, project: TrueProject, account_name: str, *, contract: bool
) -> list[Any]:
    """A project as the PSA holds it; `contract` says whether it names contract and opportunity."""
    done, customer = project.stage in ("Completed", "Closed"), engagement.customer
    return [
        keys.psa_project(project.serial), project.name, project.project_no,
        keys.psa_account(customer.serial), account_name,
        keys.opportunity_id(engagement.serial) if customer.in_crm and contract else "",
        engagement.contract_no if contract else "",
        keys.psa_project(project.parent.serial) if project.parent else "",
        keys.psa_resource(project.manager.serial), "Customer Project", project.billing_type, "true",
        engagement.currency,
        str(project.start), str(project.end), project.stage, truth_value(not done), project.hours,
        cents(project.budget),
        truth_value(done), truth_value(project.stage == "Closed"), practice(engagement.service_line),
        firm_words().regions[REGION[engagement.entity.code]], engagement.entity.code, project.delivery.code,
        keys.job(project.serial) if rng.random() < 0.3 else "", keys.stamp(rng, AS_OF),
    ]  # fmt: skip


def milestone_row(
    rng: Random, engagement: TrueEngagement, project: TrueProject, milestone: Milestone
) -> list[Any]:
    """A milestone as the PSA holds it."""
    invoiced = bool(milestone.invoice_no)
    status = (
        "Invoiced"
        if invoiced
        else "Approved"
        if milestone.approved
        else "In Progress"
        if project.start < AS_OF
        else "Planned"
    )
    return [
        keys.psa_milestone(milestone.serial), keys.psa_project(project.serial), milestone.name,
        str(milestone.target),
        str(milestone.actual or ""), cents(milestone.amount), engagement.currency,
        truth_value(milestone.approved),
        truth_value(invoiced), milestone.invoice_no, status, keys.stamp(rng, AS_OF),
    ]  # fmt: skip


def add_project(
    batch: Batch, rng: Random, engagement: TrueEngagement, project: TrueProject, account_name: str
) -> None:
    """A project with its milestones; some name no contract, some have another start or an older budget."""
    draw = rng.random()
    row = project_row(rng, engagement, project, account_name, contract=draw >= 0.05)
    key, true_id = row[0], project.true_id
    batch.known("certinia", "project", key, true_id)
    if draw < 0.05:
        batch.differs(
            "project", true_id, "certinia", key, ("engagement", "no_contract", engagement.contract_no, "")
        )
    elif draw < 0.08:
        row[2], row[25] = "", keys.job(project.serial)
        batch.differs("project", true_id, "certinia", key, ("project_no", "missing", project.project_no, ""))
    elif draw < 0.13:
        row[13] = str(project.start + timedelta(days=rng.choice((3, 7, 10))))
        batch.differs(
            "project", true_id, "certinia", key, ("start", "other_date", str(project.start), row[13])
        )
    elif draw < 0.17:
        row[18] = cents(round(project.budget * 0.9))
        batch.differs(
            "project",
            true_id,
            "certinia",
            key,
            ("budget_amount", "other_price", cents(project.budget), row[18]),
        )
    batch.add(PROJECTS, row)
    for milestone in project.milestones:
        batch.add(MILESTONES, milestone_row(rng, engagement, project, milestone))
