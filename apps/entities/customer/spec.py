"""How the engine treats a customer: an organisation the firm sells to, or hopes to."""

from apps.entities.customer.collections import COLLECTIONS
from apps.golden.spec import Attribute, EntitySpec, Kind, Lifecycle, MatchFeature, MatchSpec

PARENT_KINDS = ("legal", "commercial", "billing")
SCREENINGS = ("pending", "cleared", "flagged", "blocked")

LIFECYCLE = Lifecycle(
    states=("prospect", "onboarding", "active", "hold", "dormant", "closed", "merged"),
    initial="prospect",
    active=frozenset({"active", "hold", "dormant"}),
    transitions={
        "prospect": ("onboarding", "active", "closed", "merged"),
        "onboarding": ("active", "prospect", "closed", "merged"),
        "active": ("hold", "dormant", "closed", "merged"),
        "hold": ("active", "dormant", "closed", "merged"),
        "dormant": ("active", "hold", "closed", "merged"),
        "closed": ("onboarding", "active", "merged"),  # a customer that comes back is the same record
        "merged": (),
    },
)

ATTRIBUTES = (
    Attribute(
        "legal_name",
        group="name",
        standardizer="organisation_name",
        required="always",
        help="Registered name of the organisation, with its legal form.",
    ),
    Attribute(
        "trade_name",
        group="name",
        standardizer="organisation_name",
        help="Name it is known by in the market.",
    ),
    Attribute(
        "number",
        group="number",
        standardizer="code",
        # The ERP draws it during onboarding; a prospect has none yet.
        required="active",
        max_length=40,
        label="customer number",
        help="Number under which the ERP books the customer.",
    ),
    Attribute(
        "duns", group="identity", standardizer="duns", max_length=9, label="D-U-N-S number", help="9 digits."
    ),
    Attribute(
        "lei",
        group="identity",
        standardizer="lei",
        max_length=20,
        label="LEI",
        help="ISO 17442, 20 characters.",
    ),
    Attribute(
        "registration_no",
        group="identity",
        standardizer="identifier",
        max_length=40,
        label="registration number",
        help="Number in the company register of its country.",
    ),
    Attribute(
        "parent",
        Kind.REFERENCE,
        group="relationships",
        references="customer",
        label="parent customer",
        help="The customer above it in the tree that the kind of parent names.",
    ),
    Attribute(
        "parent_kind",
        Kind.CHOICE,
        group="relationships",
        standardizer="enum",
        choices=PARENT_KINDS,
        max_length=20,
        label="kind of parent",
        help="Legal ownership, commercial grouping, or who pays.",
    ),
    Attribute(
        "domain", group="contact", standardizer="domain", label="web domain", help="Without www, lower case."
    ),
    Attribute("phone", group="contact", standardizer="phone", max_length=16, help="Switchboard, in E.164."),
    Attribute(
        "email", group="contact", standardizer="email", label="e-mail", help="Mailbox of the organisation."
    ),
    Attribute(
        "industry", group="classification", standardizer="industry", help="NACE or NAICS code or name."
    ),
    Attribute(
        "segment", group="classification", standardizer="text", help="Market segment the firm puts it in."
    ),
    Attribute(
        "owner",
        group="account",
        standardizer="text",
        required="always",
        label="account owner",
        help="Who answers for the relationship.",
    ),
    Attribute(
        "e_invoice_id",
        group="invoicing",
        standardizer="identifier",
        max_length=80,
        label="e-invoice address",
        help="Peppol or national address for electronic invoices.",
    ),
    Attribute(
        "po_required",
        Kind.BOOLEAN,
        group="invoicing",
        standardizer="boolean",
        label="purchase order required",
        help="No invoice without a purchase order number.",
    ),
    Attribute(
        "screening",
        Kind.CHOICE,
        group="compliance",
        standardizer="enum",
        choices=SCREENINGS,
        max_length=20,
        label="compliance screening",
        help="Result of the sanctions and know-your-customer check.",
    ),
    Attribute(
        "legal_entity",
        group="selling",
        standardizer="code",
        max_length=40,
        label="our legal entity",
        help="Company of the firm that mainly deals with the customer.",
    ),
    Attribute(
        "currency",
        group="selling",
        standardizer="currency",
        max_length=3,
        help="ISO 4217, the customer's usual one.",
    ),
    Attribute(
        "status",
        Kind.CHOICE,
        group="status",
        standardizer="enum",
        required="always",
        choices=LIFECYCLE.states,
        max_length=20,
        help="State in the life of the customer.",
    ),
)

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
    claims=(("tax_ids.country", "tax_ids.value"), ("duns",), ("lei",)),
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
        "status": ("crm", "erp", "psa"),
    },
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
    filters=("status", "legal_entity", "currency", "segment", "industry", "owner", "parent", "screening"),
)
