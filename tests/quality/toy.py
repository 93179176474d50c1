"""A made-up entity that has one of everything the quality app looks at."""

from typing import Any

from apps.golden.spec import Attribute, Collection, EntitySpec, Kind, Lifecycle, MatchSpec

STATES = ("draft", "live", "gone")

SPEC = EntitySpec(
    name="toy",
    model="toys.Toy",
    label="toy",
    plural="toys",
    code_prefix="TOY",
    title_attribute="title",
    lifecycle=Lifecycle(states=STATES, initial="draft", active=frozenset({"live"})),
    match=MatchSpec(strategy="id"),
    attributes=(
        Attribute("title", standardizer="organisation_name", required="always", max_length=20),
        Attribute("number", standardizer="code", required="active"),
        Attribute("parent", Kind.REFERENCE, references="toy"),
        Attribute("phone", standardizer="phone"),
        Attribute("email", standardizer="email", personal=True),
        Attribute("kind", Kind.CHOICE, choices=("invoice", "credit_note")),
        Attribute("currency", standardizer="currency"),
        Attribute("net", Kind.MONEY),
        Attribute("tax", Kind.MONEY),
        Attribute("gross", Kind.MONEY),
        Attribute("balance", Kind.MONEY),
        Attribute("cap", Kind.MONEY),
        Attribute("utilization_target", Kind.DECIMAL, standardizer="percent"),
        Attribute("size", Kind.INTEGER),
        Attribute("billable", Kind.BOOLEAN),
        Attribute("start", Kind.DATE),
        Attribute("end", Kind.DATE),
        Attribute("issued_on", Kind.DATE),
        Attribute("due_on", Kind.DATE),
        Attribute("paid_on", Kind.DATE),
        Attribute("seen_at", Kind.TIMESTAMP),
        Attribute("status", Kind.CHOICE, choices=STATES, required="always"),
    ),
    collections=(
        Collection(
            "tax_ids",
            "toys.TaxId",
            columns=(
                Attribute("scheme", max_length=20),
                Attribute("country"),
                Attribute("value", max_length=40),
            ),
            identity=("scheme", "country"),
            standardizer="tax_id",
        ),
        Collection(
            "addresses",
            "toys.Address",
            columns=(
                Attribute("kind", Kind.CHOICE, choices=("registered", "bill_to")),
                Attribute("line1"),
                Attribute("line2"),
                Attribute("city", max_length=12),
                Attribute("region"),
                Attribute("postcode"),
                Attribute("country", standardizer="country"),
            ),
            identity=("kind",),
            standardizer="address",
            required="active",
            required_kinds=("bill_to",),
        ),
        Collection(
            "lines",
            "toys.Line",
            columns=(
                Attribute("number", Kind.INTEGER, required="always"),
                Attribute("net", Kind.MONEY),
                Attribute("currency", standardizer="currency"),
                Attribute("tax_code", required="active"),
            ),
            identity=("number",),
        ),
        Collection(
            "bill_rates",
            "toys.Rate",
            columns=(
                Attribute("unit"),
                Attribute("amount", Kind.MONEY),
                Attribute("valid_from", Kind.DATE),
                Attribute("valid_to", Kind.DATE),
            ),
            identity=("unit", "valid_from"),
        ),
        Collection(
            "contacts",
            "toys.Contact",
            columns=(Attribute("email", standardizer="email"),),
            identity=("email",),
        ),
    ),
    checks=("has_strong_identifier", "is_contactable"),
)

SOUND: dict[str, Any] = {
    "title": "Acme Ltd",
    "number": "C1",
    "kind": "invoice",
    "currency": "GBP",
    "net": "100.00",
    "tax": "20.00",
    "gross": "120.00",
    "balance": "120.00",
    "phone": "+442079460958",
    "start": "2026-01-01",
    "end": "2026-12-31",
    "issued_on": "2026-01-31",
    "due_on": "2026-02-28",
    "status": "live",
    "tax_ids": [{"scheme": "vat", "country": "GB", "value": "GB980780684"}],
    "addresses": [
        {"kind": "bill_to", "line1": "1 High St", "city": "London", "postcode": "EC1Y 8SY", "country": "GB"}
    ],
    "lines": [{"number": 1, "net": "100.00", "currency": "GBP", "tax_code": "S"}],
    "bill_rates": [{"unit": "hour", "amount": "90.00", "valid_from": "2026-01-01", "valid_to": "2026-06-30"}],
}
"""A golden document without any fault."""
