"""The sandbox portal's HubSpot objects and their properties: everything is text on the wire."""

from apps.connectors.sandbox.schema import Field, ObjectType

_LONGEST = 65536


def _text(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, length=_LONGEST) for name in names)


_KEY = Field("mdm_id", length=_LONGEST, external_id=True)
NUMBERS = frozenset({"amount", "mdm_net", "mdm_gross", "mdm_balance", "mdm_budget_hours"})
DATES = frozenset(
    {"closedate", "mdm_start", "mdm_end", "mdm_issued_on", "mdm_due_on", "mdm_paid_on", "hs_invoice_date"}
)

OBJECTS = {
    kind.name: kind
    for kind in (
        ObjectType(
            "companies",
            "Company",
            (
                _KEY,
                Field("name", length=_LONGEST, required=True),
                *_text("domain", "phone", "address", "address2", "city", "state", "zip", "country"),
                *_text("mdm_trade_name", "mdm_number", "mdm_vat", "mdm_legal_status", "mdm_currency"),
                *_text("mdm_segment", "mdm_selling_entity", "mdm_parent_id"),
            ),
            title="name",
        ),
        ObjectType(
            "deals",
            "Deal",
            (
                _KEY,
                Field("dealname", length=_LONGEST, required=True),
                Field("dealstage", length=_LONGEST, required=True),
                *_text("pipeline", "amount", "closedate", "deal_currency_code", "mdm_company_id"),
                *_text("mdm_contract_no", "mdm_po_number", "mdm_contract_type", "mdm_selling_entity"),
                *_text("mdm_start", "mdm_end", "mdm_lifecycle"),
            ),
            title="dealname",
        ),
        ObjectType(
            "projects",
            "Project",
            (
                _KEY,
                Field("hs_name", length=_LONGEST, required=True),
                *_text("mdm_project_no", "mdm_company_id", "mdm_deal_id", "mdm_billing_type"),
                *_text("mdm_start", "mdm_end", "mdm_lifecycle", "mdm_budget_hours"),
            ),
            title="hs_name",
        ),
        ObjectType(
            "users",
            "User",
            (
                _KEY,
                *(
                    Field(name, length=_LONGEST, read_only=True)
                    for name in ("hs_given_name", "hs_family_name", "hs_email", "hs_job_title")
                ),
            ),
            title="hs_email",
        ),
        ObjectType(
            "invoices",
            "Invoice",
            (
                _KEY,
                Field("mdm_invoice_no", length=_LONGEST, required=True),
                *_text("hs_currency", "mdm_company_id", "mdm_kind", "mdm_net", "mdm_gross", "mdm_balance"),
                *_text("mdm_issued_on", "mdm_due_on", "mdm_paid_on", "mdm_lifecycle"),
            ),
            title="mdm_invoice_no",
        ),
    )
}
