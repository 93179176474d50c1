"""How the engine treats an engagement: a contract or statement of work with a customer."""

from decimal import Decimal

from apps.entities.engagement.attributes import ATTRIBUTES, LIFECYCLE
from apps.entities.engagement.collections import COLLECTIONS
from apps.entities.engagement.rules import RULES
from apps.entities.periods import without_reversed_end
from apps.golden.spec import Document, EntitySpec, MatchFeature, MatchSpec, Measure


def derive(document: Document) -> Document:
    """Return the document with `current_value`: base value plus what effective change orders add or take.

    Without a base value there is none: a sum of changes alone would look like a value. An end before
    the start is left out.
    """
    document = without_reversed_end(document, "start", "end")
    base = document.get("base_value")
    if base is None:
        return document
    effective = [order for order in document.get("change_orders", ()) if order.get("status") == "effective"]
    total = Decimal(base) + sum(Decimal(order.get("value_delta") or 0) for order in effective)
    return {**document, "current_value": f"{total:.2f}"}


MATCH = MatchSpec(
    strategy="key",
    keys=(("contract_no",), ("opportunity_ref",)),
    features=(
        MatchFeature("name", "name", "free_text"),
        MatchFeature("customer", "customer", "category"),
        MatchFeature("start", "start", "date"),
        MatchFeature("contract_no", "contract_no", "identifier"),
    ),
    worth=(Measure("contract value", "engagement", "", "current_value"),),
)

SPEC = EntitySpec(
    name="engagement",
    model="engagement.Engagement",
    label="engagement",
    plural="engagements",
    code_prefix="ENG",
    title_attribute="name",
    attributes=ATTRIBUTES,
    collections=COLLECTIONS,
    lifecycle=LIFECYCLE,
    match=MATCH,
    owners={
        "contract": ("crm", "erp", "psa"),
        "name": ("crm", "psa", "erp"),
        "customer": ("crm", "erp", "psa"),
        "opportunity": ("crm", "psa", "erp"),
        "selling": ("erp", "crm", "psa"),
        "service": ("crm", "psa", "erp"),
        "value": ("crm", "erp", "psa"),
        "dates": ("crm", "psa", "erp"),
        "partner": ("crm", "psa", "erp"),
        "terms": ("erp", "psa", "crm"),
        "revenue": ("erp", "psa"),
        "billing_schedule": ("erp", "psa", "crm"),
        "change_orders": ("crm", "erp", "psa"),
        "status": ("erp", "psa", "crm"),
    },
    legal_entity="selling_entity",
    whole=("value",),
    approvals=("value", "billing_schedule", "change_orders"),
    lookups=("contract_no", "opportunity_ref", "master_agreement", "po_number"),
    checks=RULES,
    filters=(
        "status",
        "customer",
        "selling_entity",
        "service_line",
        "contract_type",
        "currency",
        "partner",
        "start",
        "end",
    ),
    derive=derive,
)
