"""What the CRM holds: accounts with duplicates, contacts in roles, opportunities."""

from datetime import date, timedelta
from random import Random
from typing import Any

from mdm.demo import keys
from mdm.demo.batch import Batch, number
from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.disagree import CustomerView, customer_view
from mdm.demo.people import mailbox
from mdm.demo.work import TrueEngagement
from mdm.demo.workforce import TrueWorker

ACCOUNTS, CONTACTS, OPPORTUNITIES = (
    "salesforce/accounts.csv",
    "salesforce/contacts.csv",
    "salesforce/opportunities.ndjson",
)
COLUMNS: dict[str, tuple[str, ...]] = {
    ACCOUNTS: (
        "Id", "Name", "Trade_Name__c", "AccountNumber", "DunsNumber", "LEI__c", "Registration_Number__c",
        "VAT__c",
        "Tax_Country__c", "ParentId", "Parent_Kind__c", "Website", "Phone", "Email__c", "Industry",
        "Nace__c", "OwnerId",
        "Owner_Name", "Segment__c", "Status__c", "Screening_Status__c", "Selling_Entity__c",
        "CurrencyIsoCode",
        "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountryCode",
        "ShippingStreet",
        "ShippingCity", "ShippingState", "ShippingPostalCode", "ShippingCountryCode", "CreatedDate",
        "SystemModstamp",
        "IsDeleted", "NumberOfEmployees", "AnnualRevenue", "Rating", "LeadSource__c", "Legacy_CRM_Id__c",
    ),
    CONTACTS: (
        "Id", "AccountId", "ContactId", "Role", "IsPrimary", "FirstName", "LastName", "Email", "Phone",
        "Title",
        "SystemModstamp",
    ),
}  # fmt: skip
BILLING_TYPES = {
    "tm": "Time and Materials",
    "fixed": "Fixed Price",
    "milestone": "Milestone",
    "retainer": "Retainer",
    "capped": "Capped T&M",
}
TITLES = {
    "Billing": "Accounts Payable",
    "Decision Maker": "CFO",
    "Technical": "Head of IT",
    "Procurement": "Category Manager",
}


def _street(line1: str, line2: str) -> str:
    return f"{line1}\n{line2}" if line2 else line1


def _account_number(rng: Random, customer: TrueCustomer, *, duplicate: bool) -> str:
    if not customer.in_erp or duplicate or rng.random() > 0.45:
        return ""
    return keys.customer_number(customer.serial)


def _account(
    rng: Random, customer: TrueCustomer, view: CustomerView, owner: TrueWorker, copy: int
) -> list[Any]:
    seen, ship = view.address, customer.ship_to
    parent = keys.account_id(int(customer.parent_id[1:])) if customer.parent_id and not copy else ""
    created = (
        customer.since if not copy else min(AS_OF, customer.since + timedelta(days=rng.randrange(30, 900)))
    )
    return [
        keys.account_id(customer.serial, copy), view.name, customer.trade_name if rng.random() < 0.5 else "",
        _account_number(rng, customer, duplicate=bool(copy)), customer.duns if rng.random() < 0.35 else "",
        customer.lei if rng.random() < 0.4 else "", customer.registration_no if rng.random() < 0.2 else "",
        view.tax_id,
        customer.country.code if view.tax_id else "", parent, customer.parent_kind if parent else "",
        view.website, view.phone,
        view.email, customer.industry["label"] if rng.random() < 0.9 else "",
        customer.industry["nace"] if rng.random() < 0.4 else "",
        keys.user_id(owner.serial), owner.person.full, customer.segment,
        customer.status if not copy else "Prospect",
        customer.screening, customer.legal_entity, customer.currency, _street(seen.line1, seen.line2),
        seen.city, seen.region,
        seen.postcode, seen.country, _street(ship.line1, ship.line2) if ship else "",
        ship.city if ship else "",
        ship.region if ship else "", ship.postcode if ship else "", ship.country if ship else "",
        f"{created}T09:00:00Z",
        keys.stamp(rng, AS_OF), "false", rng.choice((20, 80, 250, 900, 4000)),
        rng.choice((1, 5, 20, 80, 400)) * 1_000_000,
        rng.choice(("Hot", "Warm", "Cold")), rng.choice(("Referral", "Web", "Event", "Partner")),
        f"LEG-{customer.serial:07d}" if rng.random() < 0.3 else "",
    ]  # fmt: skip


def add_account(
    batch: Batch, rng: Random, customer: TrueCustomer, managers: list[TrueWorker], *, copy: int = 0
) -> None:
    """One account of a customer (copy 1: its duplicate) with its contacts."""
    view = customer_view(rng, customer, "salesforce", duplicate=bool(copy))
    owner, key = managers[int(customer.pick * len(managers))], keys.account_id(customer.serial, copy)
    batch.add(ACCOUNTS, _account(rng, customer, view, owner, copy))
    batch.known("salesforce", "customer", key, customer.true_id, duplicate=bool(copy))
    for difference in view.differences:
        batch.differs("customer", customer.true_id, "salesforce", key, difference)
    for index, contact in enumerate(customer.contacts[: 1 if copy else None]):
        person = contact.person
        batch.add(CONTACTS, [
            keys.contact_role_id(customer.serial, index, copy), key,
            keys.contact_id(customer.serial, index, copy),
            contact.role, "true" if index == 0 else "false",
            person.nick if rng.random() < 0.25 else person.given, person.family,
            mailbox(person, customer.domain) if rng.random() < 0.95 else "",
            contact.phone if rng.random() < 0.7 else "",
            TITLES[contact.role], keys.stamp(rng, AS_OF),
        ])  # fmt: skip


def add_customer(batch: Batch, rng: Random, customer: TrueCustomer, managers: list[TrueWorker]) -> None:
    """All accounts of a customer the CRM knows."""
    add_account(batch, rng, customer, managers)
    if "salesforce" in customer.duplicated_in:
        add_account(batch, rng, customer, managers, copy=1)


def _change_orders(engagement: TrueEngagement) -> dict[str, Any]:
    records = [
        {
            "Id": keys.change_order_id(engagement.serial * 4 + order.seq),
            "Sequence__c": order.seq,
            "Value_Delta__c": number(order.value_delta),
            "New_End_Date__c": str(engagement.end + timedelta(days=order.end_delta)),
            "End_Delta_Days__c": order.end_delta,
            "Status__c": order.status,
            "Effective_On__c": str(order.effective_on) if order.status == "Effective" else None,
        }
        for order in engagement.change_orders
    ]
    return {"totalSize": len(records), "done": True, "records": records}


def opportunity(rng: Random, engagement: TrueEngagement, owner: TrueWorker) -> dict[str, Any]:
    """The opportunity as the CRM should hold it."""
    key, won = keys.opportunity_id(engagement.serial), engagement.won
    customer = engagement.customer
    copy = engagement.serial % 2 if "salesforce" in customer.duplicated_in else 0
    close: date = engagement.signed_on if won else engagement.start
    return {
        "attributes": {"type": "Opportunity", "url": f"/services/data/v61.0/sobjects/Opportunity/{key}"},
        "Id": key,
        "AccountId": keys.account_id(customer.serial, copy),
        "Name": f"{customer.name.brand} - {engagement.name}",
        "StageName": engagement.stage,
        "IsWon": won,
        "IsClosed": engagement.stage.startswith("Closed"),
        "Amount": number(engagement.base_value),
        "CurrencyIsoCode": engagement.currency,
        "CloseDate": str(close),
        "Contract_Number__c": engagement.contract_no if won else None,
        "Master_Agreement__c": engagement.master_agreement or None,
        "Signed_On__c": str(engagement.signed_on) if won else None,
        "PO_Number__c": engagement.po_number or None,
        "Selling_Entity__c": engagement.entity.code,
        "Service_Line__c": engagement.service_line,
        "Billing_Type__c": BILLING_TYPES[engagement.contract_type],
        "Cap_Amount__c": number(engagement.cap) if engagement.cap is not None else None,
        "Start__c": str(engagement.start),
        "End__c": str(engagement.end),
        "Partner__c": engagement.partner.worker_id,
        "Partner_Name__c": engagement.partner.person.full,
        "Rate_Card__c": engagement.rate_card,
        "Payment_Terms__c": customer.terms,
        "Change_Orders__r": _change_orders(engagement),
        "OwnerId": keys.user_id(owner.serial),
        "CreatedDate": f"{close - timedelta(days=75)}T10:00:00Z",
        "SystemModstamp": keys.stamp(rng, AS_OF),
        "IsDeleted": False,
        "ForecastCategory": "Closed" if won else "Pipeline",
        "NextStep": None if won else rng.choice(("Send proposal", "Call sponsor", "Legal review")),
    }


def add_opportunity(
    batch: Batch, rng: Random, engagement: TrueEngagement, managers: list[TrueWorker]
) -> bool:
    """An opportunity with its errors; True when it carries the contract number the other systems use."""
    customer = engagement.customer
    row = opportunity(rng, engagement, managers[int(customer.pick * len(managers))])
    key, shared, draw = row["Id"], True, rng.random()
    if engagement.won:
        batch.known("salesforce", "engagement", key, engagement.true_id)
        if draw < 0.05:
            row["Contract_Number__c"], shared = None, False
            difference = ("contract_no", "missing", engagement.contract_no, "")
            batch.differs("engagement", engagement.true_id, "salesforce", key, difference)
        elif draw < 0.11:
            row["End__c"] = str(engagement.end - timedelta(days=rng.choice((15, 30, 60))))
            difference = ("end", "other_date", str(engagement.end), row["End__c"])
            batch.differs("engagement", engagement.true_id, "salesforce", key, difference)
        elif draw < 0.15:
            row["Amount"] = round(row["Amount"] * rng.choice((0.9, 0.95, 1.1)), 2)
            difference = ("base_value", "other_price", str(number(engagement.base_value)), str(row["Amount"]))
            batch.differs("engagement", engagement.true_id, "salesforce", key, difference)
    batch.add(OPPORTUNITIES, row)
    return shared
