"""Attributes of a project as the engine sees them."""

from apps.golden.spec import Attribute, Kind, Lifecycle

BILLING_TYPES = ("time_and_materials", "fixed", "milestone", "retainer", "capped", "non_billable")

LIFECYCLE = Lifecycle(
    states=("requested", "shell", "ready", "in_progress", "on_hold", "complete", "time_closed", "fin_closed"),
    initial="requested",
    active=frozenset({"ready", "in_progress", "on_hold", "complete", "time_closed"}),
    transitions={
        "requested": ("shell", "ready", "fin_closed"),
        "shell": ("ready", "in_progress", "fin_closed"),  # a lost deal closes the shell
        "ready": ("in_progress", "on_hold", "fin_closed"),
        "in_progress": ("on_hold", "complete"),
        "on_hold": ("in_progress", "complete"),
        "complete": ("in_progress", "time_closed"),
        "time_closed": ("complete", "fin_closed"),
        "fin_closed": (),
    },
)

PLACE = (
    Attribute(
        "project_no",
        group="number",
        standardizer="code",
        required="always",
        max_length=80,
        label="project number",
        help="Number under which the ERP books the project.",
    ),
    Attribute(
        "name", group="name", standardizer="text", required="always", help="What the project is called."
    ),
    Attribute(
        "engagement",
        Kind.REFERENCE,
        group="relationships",
        standardizer="reference",
        required="always",
        references="engagement",
    ),
    Attribute(
        "customer",
        Kind.REFERENCE,
        group="customer",
        references="customer",
        derived="engagement.customer",
        help="The customer of its engagement.",
    ),
    Attribute(
        "parent",
        Kind.REFERENCE,
        group="relationships",
        standardizer="reference",
        references="project",
        label="parent project",
    ),
    Attribute(
        "selling_entity",
        group="entities",
        standardizer="code",
        required="always",
        max_length=40,
        help="Legal entity of the firm that bills the customer.",
        codes="legal_entity",
    ),
    Attribute(
        "delivery_entity",
        group="entities",
        standardizer="code",
        max_length=40,
        help="Legal entity of the firm that does the work.",
        codes="legal_entity",
    ),
    Attribute("cost_centre", group="entities", standardizer="code", required="active", max_length=40),
    Attribute("profit_centre", group="entities", standardizer="code", required="active", max_length=40),
)

BILLING = (
    Attribute(
        "billing_type",
        Kind.CHOICE,
        group="billing",
        standardizer="enum",
        required="always",
        choices=BILLING_TYPES,
        max_length=20,
        help="How the work is paid.",
    ),
    Attribute("billable", Kind.BOOLEAN, group="billing", standardizer="boolean", required="always"),
    Attribute(
        "currency",
        group="billing",
        standardizer="currency",
        required="always",
        max_length=3,
        help="ISO 4217.",
        codes="currency",
    ),
    Attribute(
        "rev_rec_rule", group="billing", standardizer="text", max_length=80, label="revenue recognition rule"
    ),
)

DELIVERY = (
    Attribute(
        "manager",
        Kind.REFERENCE,
        group="manager",
        standardizer="reference",
        required="active",
        references="resource",
        label="project manager",
    ),
    Attribute(
        "start", Kind.DATE, group="schedule", standardizer="date", required="always", label="first day"
    ),
    Attribute("end", Kind.DATE, group="schedule", standardizer="date", required="always", label="last day"),
    Attribute(
        "stage",
        group="schedule",
        standardizer="text",
        required="always",
        max_length=80,
        help="Stage in the words of the PSA.",
    ),
    Attribute("active", Kind.BOOLEAN, group="schedule", standardizer="boolean", help="Work goes on."),
    Attribute("budget_hours", Kind.DECIMAL, group="budget", standardizer="decimal"),
    Attribute(
        "budget_amount", Kind.MONEY, group="budget", standardizer="money", help="In the project's currency."
    ),
    Attribute("time_open", Kind.BOOLEAN, group="entry", standardizer="boolean", help="Time may be entered."),
    Attribute(
        "expense_open", Kind.BOOLEAN, group="entry", standardizer="boolean", help="Expenses may be entered."
    ),
    Attribute(
        "origin_key",
        group="origin",
        standardizer="identifier",
        max_length=120,
        help="Key the hub gave the project when it asked a system to create it.",
    ),
    Attribute(
        "status",
        Kind.CHOICE,
        group="status",
        standardizer="enum",
        required="always",
        choices=LIFECYCLE.states,
        max_length=20,
        help="State of the project.",
    ),
)

ATTRIBUTES = (*PLACE, *BILLING, *DELIVERY)
