"""How the engine treats a customer: an organisation the firm sells to, or hopes to."""

from apps.entities.customer.attributes import ATTRIBUTES, LIFECYCLE, PARENT_KINDS
from apps.entities.customer.collections import COLLECTIONS
from apps.entities.customer.rules import RULES
from apps.golden.spec import EntitySpec, MatchFeature, MatchSpec, Measure, OpenVeto, Trees

MATCH = MatchSpec(
    strategy="fuzzy",
    kind="organisation",
    features=(
        MatchFeature("name", "legal_name", "organisation_name"),
        MatchFeature("trade_name", "trade_name", "organisation_name"),
        MatchFeature("tax_id", "tax_ids.value", "tax_id"),
        MatchFeature("duns", "duns", "identifier"),
        MatchFeature("lei", "lei", "identifier"),
        MatchFeature("registration_no", "registration_no", "identifier"),
        MatchFeature("domain", "domain", "domain"),
        MatchFeature("email", "email", "email"),
        MatchFeature("phone", "phone", "phone"),
        MatchFeature("street", "addresses.line1", "street"),
        MatchFeature("postcode", "addresses.postcode", "postcode"),
        MatchFeature("city", "addresses.city", "city"),
        MatchFeature("region", "addresses.region", "region"),
        MatchFeature("country", "addresses.country", "country"),
    ),
    vetoes=("tax_ids",),
    worth=(
        Measure("open balance", "invoice", "bill_to", "balance"),
        Measure("contract value", "engagement", "customer", "current_value"),
    ),
)

# Invoices that count: a draft or an approved one is not yet owed.
POSTED = ("issued", "part_paid", "paid", "disputed", "credited", "written_off")
CREDITS = ("kind", "credit_note")

TREES = Trees(
    kinds=PARENT_KINDS,
    attribute="parent",
    kind_attribute="parent_kind",
    collection="parents",
    measures=(
        Measure(
            "contract value",
            "engagement",
            "customer",
            "current_value",
            states=("signed", "active", "on_hold", "completed"),
        ),
        Measure("billed", "invoice", "bill_to", "gross", states=POSTED, negative=CREDITS),
        Measure("open balance", "invoice", "bill_to", "balance", states=POSTED, negative=CREDITS),
    ),
)

# Two receivables accounts of one company of the firm: joining them is bookkeeping, not mastering.
OPEN_INVOICES = OpenVeto(
    entity="invoice",
    reference="bill_to",
    scope="legal_entity",
    amount="balance",
    states=("issued", "part_paid", "disputed"),
    collection="entity_terms",
    column="ar_account",
)

SPEC = EntitySpec(
    name="customer",
    model="customer.Customer",
    label="customer",
    plural="customers",
    code_prefix="CUS",
    title_attribute="legal_name",
    attributes=ATTRIBUTES,
    collections=COLLECTIONS,
    lifecycle=LIFECYCLE,
    match=MATCH,
    owners={
        "name": ("crm", "erp", "registry", "psa"),
        "name@active": ("erp", "crm", "registry", "psa"),
        "number": ("erp", "crm", "psa"),
        "identity": ("registry", "erp", "crm"),
        "tax": ("erp", "registry", "crm"),
        "relationships": ("steward", "crm", "erp"),
        "addresses": ("erp", "crm", "psa"),
        "contact": ("crm", "erp", "psa"),
        "classification": ("crm", "registry", "erp"),
        "account": ("crm", "psa", "erp"),
        "invoicing": ("erp", "crm"),
        "compliance": ("steward", "registry", "erp", "crm"),
        "selling": ("erp", "crm", "psa"),
        "terms": ("erp", "crm"),
        "contacts": ("crm", "erp", "psa"),
        "status": ("erp", "crm", "psa"),
    },
    legal_entity="legal_entity",
    approvals=("name", "tax", "terms"),
    lookups=(
        "number",
        "domain",
        "email",
        "phone",
        "duns",
        "lei",
        "registration_no",
        "e_invoice_id",
        "tax_ids.value",
        "contacts.email",
    ),
    checks=RULES,
    trees=TREES,
    open_vetoes=(OPEN_INVOICES,),
    filters=("status", "legal_entity", "currency", "segment", "industry", "owner", "parent", "screening"),
)
