"""How the engine treats an invoice: a fact the ERP states, kept even where it breaks a rule."""

from apps.entities.invoice.attributes import ATTRIBUTES, LIFECYCLE
from apps.entities.invoice.collections import COLLECTIONS
from apps.entities.invoice.rules import RULES
from apps.golden.spec import EntitySpec, MatchSpec

_NUMBER = ("legal_entity", "invoice_no")

SPEC = EntitySpec(
    name="invoice",
    model="invoice.Invoice",
    label="invoice",
    plural="invoices",
    code_prefix="INV",
    title_attribute="invoice_no",
    attributes=ATTRIBUTES,
    collections=COLLECTIONS,
    lifecycle=LIFECYCLE,
    match=MatchSpec(strategy="id", keys=(_NUMBER,)),
    owners={
        "document": ("erp",),
        "parties": ("erp",),
        "amounts": ("erp",),
        "dates": ("erp",),
        "collection": ("erp",),
        "lines": ("erp",),
        "status": ("erp",),
    },
    legal_entity="legal_entity",
    whole=("amounts",),
    lookups=("invoice_no", "po_ref"),
    checks=RULES,
    filters=(
        "status",
        "kind",
        "bill_to",
        "engagement",
        "legal_entity",
        "currency",
        "issued_on",
        "due_on",
        "paid_on",
        "dunning",
    ),
)
