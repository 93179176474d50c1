"""Attributes of a resource as the engine sees them."""

from apps.golden.spec import Attribute, Kind, Lifecycle

KINDS = ("employee", "contractor", "generic")

LIFECYCLE = Lifecycle(
    states=("pre_hire", "active", "leave", "notice", "terminated"),
    initial="pre_hire",
    active=frozenset({"active", "leave", "notice"}),
    transitions={
        "pre_hire": ("active", "terminated"),
        "active": ("leave", "notice", "terminated"),
        "leave": ("active", "notice", "terminated"),
        "notice": ("active", "leave", "terminated"),
        "terminated": ("pre_hire", "active"),  # a rehire is the same record
    },
)

PERSON = (
    Attribute(
        "worker_id",
        group="identity",
        standardizer="code",
        required="always",
        max_length=40,
        label="worker number",
        help="Number of the worker in the HR system.",
    ),
    Attribute(
        "kind",
        Kind.CHOICE,
        group="identity",
        standardizer="enum",
        choices=KINDS,
        max_length=20,
        label="kind of resource",
        help="Employee, contractor, or a generic placeholder in plans.",
    ),
    Attribute(
        "name",
        group="person",
        standardizer="person_name",
        required="always",
        personal=True,
        label="full name",
        help="Given name first, without titles.",
    ),
    Attribute("given_name", group="person", standardizer="name_part", personal=True, max_length=120),
    Attribute("family_name", group="person", standardizer="name_part", personal=True, max_length=120),
    Attribute(
        "email",
        group="contact",
        standardizer="email",
        required="always",
        personal=True,
        max_length=254,
        label="e-mail",
        help="Address at work.",
    ),
    Attribute("phone", group="contact", standardizer="phone", personal=True, max_length=48, help="E.164."),
)

EMPLOYMENT = (
    Attribute(
        "employing_entity",
        group="employment",
        standardizer="code",
        required="always",
        max_length=40,
        help="Legal entity of the firm that employs or contracts the resource.",
        codes="legal_entity",
    ),
    Attribute(
        "cost_centre",
        group="cost_centre",
        standardizer="code",
        required="always",
        max_length=40,
        help="Where its cost is booked.",
    ),
    Attribute(
        "manager",
        Kind.REFERENCE,
        group="employment",
        standardizer="reference",
        references="resource",
        help="Line manager.",
    ),
    Attribute(
        "hire_date", Kind.DATE, group="employment", standardizer="date", required="always", personal=True
    ),
    Attribute(
        "term_date",
        Kind.DATE,
        group="employment",
        standardizer="date",
        personal=True,
        label="termination date",
        help="Last day of employment.",
    ),
    Attribute(
        "location", group="employment", standardizer="text", required="always", max_length=120, help="Office."
    ),
)

STAFFING = (
    Attribute("role", group="staffing", standardizer="text", required="always", max_length=120),
    Attribute("grade", group="staffing", standardizer="text", max_length=80),
    Attribute("practice", group="staffing", standardizer="text", max_length=120, codes="practice"),
    Attribute("region", group="staffing", standardizer="text", max_length=120),
    Attribute("group", group="staffing", standardizer="text", max_length=120, label="staffing group"),
    Attribute(
        "utilization_target",
        Kind.DECIMAL,
        group="staffing",
        standardizer="percent",
        help="Percent of working time that shall be billable.",
    ),
    Attribute(
        "calendar",
        group="working_time",
        standardizer="text",
        required="always",
        max_length=120,
        label="work calendar",
    ),
    Attribute(
        "fte", Kind.DECIMAL, group="working_time", standardizer="decimal", label="FTE", help="1 is full time."
    ),
    Attribute(
        "weekly_hours", Kind.DECIMAL, group="working_time", standardizer="decimal", label="hours a week"
    ),
    Attribute(
        "status",
        Kind.CHOICE,
        group="status",
        standardizer="enum",
        required="always",
        choices=LIFECYCLE.states,
        max_length=20,
        help="State of the employment.",
    ),
)

ATTRIBUTES = (*PERSON, *EMPLOYMENT, *STAFFING)
