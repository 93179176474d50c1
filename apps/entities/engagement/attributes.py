"""Attributes of an engagement as the engine sees them."""

from apps.golden.spec import Attribute, Kind, Lifecycle

CONTRACT_TYPES = ("time_and_materials", "fixed", "milestone", "retainer", "capped")

LIFECYCLE = Lifecycle(
    states=("draft", "validating", "signed", "active", "on_hold", "completed", "closed", "cancelled"),
    initial="draft",
    active=frozenset({"active", "on_hold", "completed"}),
    transitions={
        "draft": ("validating", "signed", "cancelled"),
        "validating": ("draft", "signed", "cancelled"),
        "signed": ("active", "on_hold", "cancelled"),
        "active": ("on_hold", "completed", "cancelled"),
        "on_hold": ("active", "completed", "cancelled"),
        "completed": ("active", "closed"),  # a change order may open finished work again
        "closed": (),
        "cancelled": (),
    },
)

CONTRACT = (
    Attribute(
        "contract_no",
        group="contract",
        standardizer="code",
        required="active",
        max_length=80,
        label="contract number",
        help="Number of the contract or statement of work.",
    ),
    Attribute("name", group="name", standardizer="text", required="always", help="What the work is called."),
    Attribute(
        "customer",
        Kind.REFERENCE,
        group="customer",
        standardizer="reference",
        required="always",
        references="customer",
    ),
    Attribute(
        "opportunity_ref",
        group="opportunity",
        standardizer="identifier",
        required="always",
        max_length=80,
        label="opportunity",
        help="Key of the won opportunity in the CRM.",
    ),
    Attribute(
        "master_agreement",
        group="contract",
        standardizer="code",
        max_length=80,
        help="Number of the framework agreement it falls under.",
    ),
    Attribute("signed_on", Kind.DATE, group="contract", standardizer="date", required="active"),
    Attribute(
        "po_number",
        group="contract",
        standardizer="text",
        max_length=80,
        label="purchase order",
        help="The customer's purchase order number.",
    ),
    Attribute(
        "selling_entity",
        group="selling",
        standardizer="code",
        required="always",
        max_length=40,
        help="Legal entity of the firm that signed.",
        codes="legal_entity",
    ),
    Attribute(
        "service_line",
        group="service",
        standardizer="text",
        required="always",
        max_length=120,
        codes="service_line",
    ),
    Attribute(
        "contract_type",
        Kind.CHOICE,
        group="service",
        standardizer="enum",
        required="always",
        choices=CONTRACT_TYPES,
        max_length=20,
        help="How the work is paid.",
    ),
)

VALUE = (
    Attribute("cap", Kind.MONEY, group="value", standardizer="money", help="Most that may be billed."),
    Attribute(
        "base_value",
        Kind.MONEY,
        group="value",
        standardizer="money",
        required="always",
        help="Value at signing, without change orders.",
    ),
    Attribute(
        "currency",
        group="value",
        standardizer="currency",
        required="always",
        max_length=3,
        help="ISO 4217.",
        codes="currency",
    ),
    Attribute(
        "current_value",
        Kind.MONEY,
        group="current_value",
        derived="computed",
        help="Base value plus all effective change orders.",
    ),
)

TERMS = (
    Attribute("start", Kind.DATE, group="dates", standardizer="date", required="always", label="first day"),
    Attribute("end", Kind.DATE, group="dates", standardizer="date", required="always", label="last day"),
    Attribute(
        "partner",
        Kind.REFERENCE,
        group="partner",
        standardizer="reference",
        required="always",
        references="resource",
        help="Who of the firm answers for the engagement.",
    ),
    Attribute("rate_card", group="terms", standardizer="text", max_length=120),
    Attribute(
        "payment_terms",
        group="terms",
        standardizer="payment_terms",
        max_length=40,
        help="Only where they differ from the customer's terms.",
        codes="payment_terms",
    ),
    Attribute(
        "rev_rec_method",
        group="revenue",
        standardizer="text",
        required="active",
        max_length=80,
        label="revenue recognition",
    ),
    Attribute(
        "status",
        Kind.CHOICE,
        group="status",
        standardizer="enum",
        required="always",
        choices=LIFECYCLE.states,
        max_length=20,
        help="State of the contract.",
    ),
)

ATTRIBUTES = (*CONTRACT, *VALUE, *TERMS)
