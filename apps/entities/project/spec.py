"""How the engine treats a project: work under an engagement that is planned, staffed and booked."""

from apps.entities.periods import without_reversed_end
from apps.entities.project.attributes import ATTRIBUTES, LIFECYCLE
from apps.entities.project.collections import COLLECTIONS
from apps.entities.project.rules import RULES
from apps.golden.spec import Document, EntitySpec, MatchFeature, MatchSpec, Measure, Trees


def derive(document: Document) -> Document:
    """Return the document without an end before the start."""
    return without_reversed_end(document, "start", "end")


MATCH = MatchSpec(
    strategy="key",
    keys=(("project_no",), ("origin_key",)),
    features=(
        MatchFeature("name", "name", "free_text"),
        MatchFeature("engagement", "engagement", "category"),
        MatchFeature("start", "start", "date"),
        MatchFeature("project_no", "project_no", "identifier"),
    ),
    worth=(Measure("budget", "project", "", "budget_amount"),),
)

SPEC = EntitySpec(
    name="project",
    model="project.Project",
    label="project",
    plural="projects",
    code_prefix="PRJ",
    title_attribute="name",
    attributes=ATTRIBUTES,
    collections=COLLECTIONS,
    lifecycle=LIFECYCLE,
    match=MATCH,
    owners={
        "number": ("erp", "psa", "crm"),
        "name": ("erp", "psa", "crm"),
        "relationships": ("psa", "erp", "crm"),
        "entities": ("erp", "psa"),
        "billing": ("erp", "psa", "crm"),
        "manager": ("psa", "erp"),
        "schedule": ("psa", "erp", "crm"),
        "budget": ("psa", "erp"),
        "entry": ("psa", "erp"),
        "origin": ("erp", "psa"),
        "milestones": ("psa", "erp"),
        "status": ("psa", "erp", "crm"),
    },
    legal_entity="selling_entity",
    lookups=("project_no", "origin_key", "milestones.invoice_no"),
    checks=RULES,
    filters=(
        "status",
        "customer",
        "engagement",
        "manager",
        "selling_entity",
        "delivery_entity",
        "cost_centre",
        "profit_centre",
        "billing_type",
        "billable",
        "active",
        "currency",
        "start",
        "end",
    ),
    derive=derive,
    trees=Trees(
        kinds=("work",),
        attribute="parent",
        measures=(Measure("budget", "project", "", "budget_amount"),),
    ),
)
