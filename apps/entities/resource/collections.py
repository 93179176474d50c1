"""Child tables of a resource as the engine sees them."""

from apps.golden.spec import Attribute, Collection, Kind

RATE_UNITS = ("hour", "day", "month")
ASSIGNMENT_STATES = ("tentative", "confirmed", "active", "completed", "cancelled")

SKILLS = Collection(
    name="skills",
    model="resource.ResourceSkill",
    group="staffing",
    identity=("name",),
    columns=(
        Attribute("name", standardizer="text", label="skill", max_length=120),
        Attribute("level", standardizer="text", max_length=40, help="How well, in the words of the PSA."),
    ),
)

_RATE_COLUMNS = (
    Attribute("currency", standardizer="currency", max_length=3, help="ISO 4217.", codes="currency"),
    Attribute("amount", Kind.MONEY, standardizer="money", personal=True, help="Per unit, in its currency."),
    Attribute("unit", Kind.CHOICE, standardizer="enum", choices=RATE_UNITS, max_length=20, label="per"),
    Attribute("valid_from", Kind.DATE, standardizer="date", help="First day."),
    Attribute("valid_to", Kind.DATE, standardizer="date", help="Last day; none: until further notice."),
)

COST_RATES = Collection(
    name="cost_rates",
    model="resource.ResourceCostRate",
    group="cost_rates",
    identity=("currency", "unit", "valid_from"),
    label="cost rates",
    columns=_RATE_COLUMNS,
)

BILL_RATES = Collection(
    name="bill_rates",
    model="resource.ResourceBillRate",
    group="bill_rates",
    identity=("currency", "unit", "valid_from"),
    label="bill rates",
    columns=_RATE_COLUMNS,
)

ASSIGNMENTS = Collection(
    name="assignments",
    model="resource.ResourceAssignment",
    group="assignments",
    identity=("number",),
    columns=(
        Attribute(
            "number", standardizer="identifier", max_length=80, help="Key of the assignment in the PSA."
        ),
        Attribute(
            "project", Kind.REFERENCE, standardizer="reference", references="project", required="always"
        ),
        Attribute("role", standardizer="text", max_length=120),
        Attribute("start", Kind.DATE, standardizer="date", required="always", help="First day."),
        Attribute("end", Kind.DATE, standardizer="date", required="always", help="Last day."),
        Attribute("hours", Kind.DECIMAL, standardizer="decimal", help="Planned hours in all."),
        Attribute(
            "percent", Kind.DECIMAL, standardizer="percent", label="allocation", help="Percent of full time."
        ),
        Attribute("rate", Kind.MONEY, standardizer="money", personal=True, help="Bill rate per hour."),
        Attribute(
            "currency", standardizer="currency", max_length=3, help="ISO 4217, of the rate.", codes="currency"
        ),
        Attribute("status", Kind.CHOICE, standardizer="enum", choices=ASSIGNMENT_STATES, max_length=20),
    ),
)

COLLECTIONS = (SKILLS, COST_RATES, BILL_RATES, ASSIGNMENTS)
