"""Attributes of a customer as the engine sees them."""

from apps.golden.spec import Attribute, Kind, Lifecycle

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
        standardizer="registration_no",
        max_length=40,
        label="registration number",
        help="Number in the company register of its country.",
    ),
    Attribute(
        "parent",
        Kind.REFERENCE,
        group="relationships",
        standardizer="reference",
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
        "domain",
        group="contact",
        standardizer="domain",
        max_length=254,
        label="web domain",
        help="Without www, lower case.",
    ),
    Attribute(
        "phone",
        group="contact",
        standardizer="phone",
        max_length=48,
        help="Switchboard, in E.164, with its extension.",
    ),
    Attribute(
        "email",
        group="contact",
        standardizer="email",
        max_length=254,
        label="e-mail",
        help="Mailbox of the organisation.",
    ),
    Attribute(
        "industry",
        group="classification",
        standardizer="industry",
        help="NACE or NAICS code or name.",
        codes="industry",
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
        codes="legal_entity",
    ),
    Attribute(
        "currency",
        group="selling",
        standardizer="currency",
        max_length=3,
        help="ISO 4217, the customer's usual one.",
        codes="currency",
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
