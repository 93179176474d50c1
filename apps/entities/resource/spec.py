"""How the engine treats a resource: a person, or a placeholder for one, whom projects are staffed with."""

from apps.entities.periods import without_reversed_end
from apps.entities.resource.attributes import ATTRIBUTES, LIFECYCLE
from apps.entities.resource.collections import COLLECTIONS
from apps.entities.resource.rules import RULES
from apps.golden.spec import Document, EntitySpec, MatchFeature, MatchSpec, Trees


def derive(document: Document) -> Document:
    """Return the document without an end of employment before its beginning, told of an earlier one."""
    return without_reversed_end(document, "hire_date", "term_date")


MATCH = MatchSpec(
    strategy="fuzzy",
    kind="person",
    features=(
        MatchFeature("name", "name", "person_name"),
        MatchFeature("given_name", "given_name", "given_name"),
        MatchFeature("family_name", "family_name", "family_name"),
        MatchFeature("worker_id", "worker_id", "identifier"),
        MatchFeature("email", "email", "email"),
        MatchFeature("phone", "phone", "phone"),
        MatchFeature("hire_date", "hire_date", "date"),
        MatchFeature("employing_entity", "employing_entity", "category"),
        MatchFeature("location", "location", "category"),
        MatchFeature("kind", "kind", "category"),
    ),
)

SPEC = EntitySpec(
    name="resource",
    model="resource.Resource",
    label="resource",
    plural="resources",
    code_prefix="RES",
    title_attribute="name",
    attributes=ATTRIBUTES,
    collections=COLLECTIONS,
    lifecycle=LIFECYCLE,
    match=MATCH,
    owners={
        "identity": ("hris", "psa", "erp"),
        "person": ("hris", "psa", "erp", "crm"),
        "contact": ("hris", "psa", "erp", "crm"),
        "employment": ("hris", "erp", "psa"),
        "cost_centre": ("erp", "hris", "psa"),
        "staffing": ("psa", "hris", "erp"),
        "working_time": ("hris", "psa"),
        "cost_rates": ("erp", "psa"),
        "bill_rates": ("psa", "erp"),
        "assignments": ("psa",),
        "status": ("hris", "psa", "erp"),
    },
    legal_entity="employing_entity",
    approvals=("identity", "cost_rates"),
    lookups=("worker_id", "email", "phone", "assignments.number"),
    checks=RULES,
    filters=(
        "status",
        "kind",
        "employing_entity",
        "cost_centre",
        "manager",
        "location",
        "role",
        "grade",
        "practice",
        "region",
        "group",
    ),
    derive=derive,
    trees=Trees(kinds=("reporting",), attribute="manager"),
)
