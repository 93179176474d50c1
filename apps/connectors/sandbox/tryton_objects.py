"""The sandbox's Tryton models: their fields as `fields_get` tells them, required ones checked at creation."""

from typing import Any

from apps.connectors.sandbox.schema import Field, ObjectType

Spec = dict[str, Any]


def _of(kind: str, **more: Any) -> Spec:
    return {"type": kind, "required": False, "readonly": False, **more}


def _one(relation: str, **more: Any) -> Spec:
    return _of("many2one", relation=relation, **more)


def _many(relation: str, inverse: str) -> Spec:
    return _of("one2many", relation=relation, relation_field=inverse)


_CHAR, _TEXT, _DATE, _NUMERIC, _BOOLEAN = (
    _of(kind) for kind in ("char", "text", "date", "numeric", "boolean")
)
_STAMPS = {
    "id": _of("integer", readonly=True),
    "create_date": _of("timestamp", readonly=True),
    "write_date": _of("timestamp", readonly=True),
}
MODELS: dict[str, dict[str, Spec]] = {
    "party.party": {
        **_STAMPS,
        "name": _CHAR,
        "code": _of("char", readonly=True),
        "active": _BOOLEAN,
        "identifiers": _many("party.identifier", "party"),
        "addresses": _many("party.address", "party"),
        "contact_mechanisms": _many("party.contact_mechanism", "party"),
    },
    "party.identifier": {"id": _STAMPS["id"], "party": _one("party.party"), "type": _CHAR, "code": _CHAR},
    "party.address": {
        "id": _STAMPS["id"],
        "party": _one("party.party"),
        "party_name": _CHAR,
        "street": _TEXT,
        "city": _CHAR,
        "postal_code": _CHAR,
        "country": _one("country.country"),
    },
    "party.contact_mechanism": {
        "id": _STAMPS["id"],
        "party": _one("party.party"),
        "type": _CHAR,
        "value": _CHAR,
    },
    "company.employee": {
        **_STAMPS,
        "party": _one("party.party", required=True),
        "start_date": _DATE,
        "end_date": _DATE,
    },
    "sale.opportunity": {
        **_STAMPS,
        "party": _one("party.party"),
        "reference": _CHAR,
        "description": _CHAR,
        "comment": _TEXT,
        "start_date": _of("date", required=True),
        "end_date": _DATE,
        "amount": _NUMERIC,
        "currency": _one("currency.currency"),
    },
    "project.work": {
        **_STAMPS,
        "name": _of("char", required=True),
        "type": _of("selection", required=True, selection=[["project", "Project"], ["task", "Task"]]),
        "party": _one("party.party"),
        "comment": _TEXT,
        "effort_duration": _of("timedelta"),
        "status": _one("project.work.status"),
        "progress": _of("float"),
    },
    "account.invoice": {
        **_STAMPS,
        "type": _of("selection", required=True, selection=[["out", "Customer"], ["in", "Supplier"]]),
        "party": _one("party.party", required=True),
        "invoice_address": _one("party.address"),
        "reference": _CHAR,
        "description": _CHAR,
        "comment": _TEXT,
        "state": _of("selection", readonly=True),
        "invoice_date": _DATE,
        "currency": _one("currency.currency"),
        "lines": _many("account.invoice.line", "invoice"),
    },
    "account.invoice.line": {
        "id": _STAMPS["id"],
        "invoice": _one("account.invoice"),
        "description": _TEXT,
        "quantity": _of("float"),
        "unit_price": _NUMERIC,
    },
    "project.work.status": {"id": _STAMPS["id"], "code": _CHAR, "name": _CHAR},
    "country.country": {"id": _STAMPS["id"], "code": _CHAR, "name": _CHAR},
    "currency.currency": {"id": _STAMPS["id"], "code": _CHAR, "name": _CHAR},
}
LISTS = {
    "project.work.status": ("Open", "Done"),
    "country.country": ("GB", "US", "DE", "FR", "SE", "PL", "CH", "NO", "DK", "NL", "IE", "CA"),
    "currency.currency": ("GBP", "USD", "EUR", "SEK", "PLN", "CHF", "NOK", "DKK", "CAD"),
}
#: Models whose records live inside a list of another model.
PARTS = {
    "party.identifier": ("party.party", "identifiers"),
    "party.address": ("party.party", "addresses"),
    "party.contact_mechanism": ("party.party", "contact_mechanisms"),
    "account.invoice.line": ("account.invoice", "lines"),
}
_OWN = ("party.party", "company.employee", "sale.opportunity", "project.work", "account.invoice")
OBJECTS = {
    name: ObjectType(
        name,
        name,
        tuple(Field(field) for field in MODELS[name]),
        title="name" if "name" in MODELS[name] else "party",
    )
    for name in _OWN
}
