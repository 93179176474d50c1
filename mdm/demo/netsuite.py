"""What the ERP holds about customers: one JSON record each, with addresses, terms and contacts inside."""

from datetime import timedelta
from random import Random
from typing import Any

from mdm.demo import keys
from mdm.demo.batch import Batch
from mdm.demo.customers import AS_OF, TrueCustomer
from mdm.demo.disagree import CustomerView, customer_view
from mdm.demo.invoices import tax_of
from mdm.demo.people import mailbox
from mdm.demo.places import Address
from mdm.demo.vocabulary import LegalEntity, entity_of, firm_words

CUSTOMERS, SUBSIDIARIES = "netsuite/customers.json", "netsuite/subsidiaries.json"
CURRENCY_IDS = {"GBP": "1", "USD": "2", "EUR": "4", "SEK": "5", "PLN": "6"}
TERM_IDS = {"Net 14": "1", "Net 30": "2", "Net 45": "3", "Net 60": "4"}
STATUSES = {
    "Active": "CUSTOMER-Closed Won",
    "On Hold": "CUSTOMER-On Hold",
    "Dormant": "CUSTOMER-Dormant",
    "Closed": "CUSTOMER-Closed",
}
Json = dict[str, Any]


def ref(key: str | int, name: str) -> Json:
    """A NetSuite reference."""
    return {"id": str(key), "refName": name}


def subsidiary(entity: LegalEntity) -> Json:
    """The reference to one of the firm's companies."""
    return ref(entity.netsuite_id, entity.code)


def currency(code: str) -> Json:
    """The reference to a currency."""
    return ref(CURRENCY_IDS[code], code)


def terms(name: str) -> Json:
    """The reference to payment terms."""
    return ref(TERM_IDS[name], name)


def ar_account(entity: LegalEntity) -> Json:
    """The receivables account of one of the firm's companies."""
    return ref(1100 + entity.netsuite_id, f"{1100 + entity.netsuite_id} AR {entity.code}")


def _address(
    line: int, label: str, addressee: str, address: Address, *, billing: bool, shipping: bool
) -> Json:
    return {
        "id": str(line),
        "label": label,
        "defaultBilling": billing,
        "defaultShipping": shipping,
        "addressBookAddress": {
            "addressee": addressee,
            "addr1": address.line1 or None,
            "addr2": address.line2 or None,
            "city": address.city,
            "state": address.region or None,
            "zip": address.postcode or None,
            "country": ref(address.country, address.country),
        },
    }


def _address_book(customer: TrueCustomer, view: CustomerView) -> Json:
    items = [_address(1, "Billing", view.name, view.address, billing=True, shipping=customer.ship_to is None)]
    if customer.ship_to:
        items.append(_address(2, "Site", view.name, customer.ship_to, billing=False, shipping=True))
    return {"items": items}


def _terms_of(rng: Random, customer: TrueCustomer, entity: LegalEntity, *, main: bool) -> Json:
    code, _ = tax_of(entity, customer.country.code)
    return {
        "subsidiary": subsidiary(entity),
        "currency": currency(customer.currency if main else entity.currency),
        "terms": terms(customer.terms if main else "Net 30"),
        "taxItem": ref(code, code),
        "creditLimit": customer.credit_limit if main else 25_000,
        "creditHold": customer.status == "On Hold",
        "receivablesAccount": ar_account(entity),
    }


def _contacts(rng: Random, customer: TrueCustomer) -> Json:
    items = []
    for contact in customer.contacts[:2]:
        person = contact.person
        name = person.full if rng.random() < 0.7 else f"{person.family}, {person.given}"
        mail, phone = mailbox(person, customer.domain), contact.phone if rng.random() < 0.5 else None
        items.append({"contact": name, "email": mail, "phone": phone, "role": contact.role})
    return {"items": items}


def customer_record(rng: Random, customer: TrueCustomer, view: CustomerView, copy: int = 0) -> Json:
    """The ERP's customer record."""
    entity = entity_of(customer.legal_entity)
    entities = [entity, *(entity_of(code) for code in customer.extra_entities)]
    rows = [_terms_of(rng, customer, each, main=each is entity) for each in entities]
    main = rows[0]
    parent = (
        keys.netsuite_customer(int(customer.parent_id[1:]))
        if customer.parent_id and rng.random() < 0.5
        else ""
    )
    return {
        "id": keys.netsuite_customer(customer.serial, copy),
        "entityId": keys.customer_number(customer.serial, copy),
        "companyName": view.name[:83],
        "altName": customer.trade_name or None,
        "vatRegNumber": view.tax_id or None,
        "custentity_reg_no": customer.registration_no if rng.random() < 0.45 else None,
        "custentity_duns": customer.duns if rng.random() < 0.15 else None,
        "custentity_lei": customer.lei or None,
        "email": view.email or None,
        "phone": view.phone or None,
        "url": view.website or None,
        "terms": main["terms"],
        "currency": main["currency"],
        "subsidiary": main["subsidiary"],
        "creditLimit": main["creditLimit"],
        "creditHoldOverride": ref("ON", "On") if main["creditHold"] else ref("AUTO", "Auto"),
        "receivablesAccount": main["receivablesAccount"],
        "taxItem": main["taxItem"],
        "custentity_einvoice_id": customer.e_invoice_id or None,
        "custentity_po_required": customer.po_required,
        "category": ref("1", customer.segment),
        "parent": ref(parent, "parent company") if parent else None,
        "isInactive": customer.status == "Closed",
        "entityStatus": ref("13", STATUSES.get(customer.status, "CUSTOMER-Closed Won")),
        "externalId": keys.account_id(customer.serial)
        if customer.in_crm and not copy and rng.random() < 0.25
        else None,
        "addressBook": _address_book(customer, view),
        "subsidiaryTerms": {"items": rows},
        "contactRoles": _contacts(rng, customer),
        "dateCreated": f"{min(AS_OF, customer.since + timedelta(days=20))}T08:00:00Z",
        "lastModifiedDate": keys.stamp(rng, AS_OF),
    }


def add_customer(batch: Batch, rng: Random, customer: TrueCustomer, *, copy: int = 0) -> None:
    """The ERP's record of a customer, and now and then a second one."""
    view, key = (
        customer_view(rng, customer, "netsuite", duplicate=bool(copy)),
        keys.netsuite_customer(customer.serial, copy),
    )
    batch.add(CUSTOMERS, customer_record(rng, customer, view, copy))
    batch.known("netsuite", "customer", key, customer.true_id, duplicate=bool(copy))
    for difference in view.differences:
        batch.differs("customer", customer.true_id, "netsuite", key, difference)
    if not copy and "netsuite" in customer.duplicated_in:
        add_customer(batch, rng, customer, copy=1)


def add_subsidiaries(batch: Batch) -> None:
    """The firm's own companies."""
    for entity in firm_words().legal_entities:
        batch.add(SUBSIDIARIES, {
            "id": str(entity.netsuite_id), "name": entity.code, "legalName": entity.name,
            "currency": currency(entity.currency),
            "country": ref(entity.country, entity.country), "externalId": entity.code,
        })  # fmt: skip
