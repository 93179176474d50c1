"""Child tables of an engagement as the engine sees them."""

from apps.golden.spec import Attribute, Collection, Kind

CHANGE_ORDER_STATES = ("draft", "submitted", "approved", "effective", "rejected", "withdrawn")

BILLING_SCHEDULE = Collection(
    name="billing_schedule",
    model="engagement.EngagementBilling",
    group="billing_schedule",
    identity=("seq",),
    required="active",
    label="billing schedule",
    columns=(
        Attribute("seq", Kind.INTEGER, standardizer="integer", required="always", label="number"),
        Attribute("due_on", Kind.DATE, standardizer="date", help="Day to bill, if it is not a milestone."),
        Attribute(
            "milestone", standardizer="text", max_length=80, help="Milestone to bill, if it is not a day."
        ),
        Attribute("amount", Kind.MONEY, standardizer="money", help="In the currency of the engagement."),
    ),
)

CHANGE_ORDERS = Collection(
    name="change_orders",
    model="engagement.EngagementChange",
    group="change_orders",
    identity=("seq",),
    label="change orders",
    columns=(
        Attribute("seq", Kind.INTEGER, standardizer="integer", required="always", label="number"),
        Attribute("value_delta", Kind.MONEY, standardizer="money", label="change of value"),
        Attribute("end_delta", Kind.INTEGER, standardizer="integer", label="change of end", help="In days."),
        Attribute("status", Kind.CHOICE, standardizer="enum", choices=CHANGE_ORDER_STATES, max_length=20),
        Attribute("effective_on", Kind.DATE, standardizer="date"),
    ),
)

COLLECTIONS = (BILLING_SCHEDULE, CHANGE_ORDERS)
