"""Attributes of an invoice as the engine sees them. The ERP owns them all; the hub never edits one."""

from apps.golden.spec import Attribute, Kind, Lifecycle

KINDS = ("invoice", "credit_note", "debit_note")

LIFECYCLE = Lifecycle(
    states=("draft", "approved", "issued", "part_paid", "paid", "disputed", "credited", "written_off"),
    initial="draft",
    active=frozenset({"issued", "part_paid", "paid", "disputed", "credited", "written_off"}),
    transitions={
        "draft": ("approved", "issued"),
        "approved": ("draft", "issued"),
        "issued": ("part_paid", "paid", "disputed", "credited", "written_off"),
        "part_paid": ("issued", "paid", "disputed", "credited", "written_off"),
        "paid": ("part_paid", "issued", "disputed", "credited"),  # a payment may bounce
        "disputed": ("issued", "part_paid", "paid", "credited", "written_off"),
        "credited": (),
        "written_off": ("part_paid", "paid"),
    },
)

DOCUMENT = (
    Attribute(
        "invoice_no",
        group="document",
        standardizer="code",
        required="always",
        max_length=80,
        label="invoice number",
    ),
    Attribute(
        "kind",
        Kind.CHOICE,
        group="document",
        standardizer="enum",
        required="always",
        choices=KINDS,
        max_length=20,
        label="kind of document",
    ),
    Attribute(
        "credit_of",
        Kind.REFERENCE,
        group="document",
        standardizer="reference",
        references="invoice",
        label="credits",
        help="The invoice this one takes back.",
    ),
    Attribute(
        "bill_to",
        Kind.REFERENCE,
        group="parties",
        standardizer="reference",
        required="always",
        references="customer",
        help="The customer who pays.",
    ),
    Attribute(
        "engagement",
        Kind.REFERENCE,
        group="parties",
        standardizer="reference",
        required="always",
        references="engagement",
    ),
    Attribute(
        "legal_entity",
        group="parties",
        standardizer="code",
        required="always",
        max_length=40,
        label="our legal entity",
        help="Company of the firm that issued it.",
        codes="legal_entity",
    ),
)

AMOUNTS = (
    Attribute(
        "currency",
        group="amounts",
        standardizer="currency",
        required="always",
        max_length=3,
        help="ISO 4217.",
        codes="currency",
    ),
    Attribute(
        "fx_rate",
        Kind.DECIMAL,
        group="amounts",
        standardizer="decimal",
        label="exchange rate",
        help="Units of the legal entity's currency for one of the invoice's.",
    ),
    Attribute("net", Kind.MONEY, group="amounts", standardizer="money", required="always"),
    Attribute("tax", Kind.MONEY, group="amounts", standardizer="money", required="always"),
    Attribute("gross", Kind.MONEY, group="amounts", standardizer="money", required="always"),
    Attribute(
        "balance",
        Kind.MONEY,
        group="amounts",
        standardizer="money",
        required="always",
        help="Gross less payments and credits.",
    ),
)

COLLECTING = (
    Attribute("issued_on", Kind.DATE, group="dates", standardizer="date", required="always", label="issued"),
    Attribute("due_on", Kind.DATE, group="dates", standardizer="date", required="always", label="due"),
    Attribute(
        "payment_terms", group="dates", standardizer="payment_terms", max_length=40, codes="payment_terms"
    ),
    Attribute(
        "po_ref",
        group="parties",
        standardizer="text",
        max_length=80,
        label="purchase order",
        help="The customer's purchase order number.",
    ),
    Attribute("paid_on", Kind.DATE, group="collection", standardizer="date", label="paid"),
    Attribute(
        "dunning",
        Kind.INTEGER,
        group="collection",
        standardizer="integer",
        label="dunning level",
        help="Reminders sent so far.",
    ),
    Attribute(
        "dispute", group="collection", standardizer="text", help="Why the customer does not accept it, if so."
    ),
    Attribute(
        "status",
        Kind.CHOICE,
        group="status",
        standardizer="enum",
        required="always",
        choices=LIFECYCLE.states,
        max_length=20,
        help="State in the ERP; overdue is told from the due day, never stored.",
    ),
)

ATTRIBUTES = (*DOCUMENT, *AMOUNTS, *COLLECTING)
