"""Child tables of an invoice as the engine sees them."""

from apps.golden.spec import Attribute, Collection, Kind

LINES = Collection(
    name="lines",
    model="invoice.InvoiceLine",
    group="lines",
    identity=("number",),
    required="always",
    columns=(
        Attribute("number", Kind.INTEGER, standardizer="integer", required="always"),
        Attribute(
            "project", Kind.REFERENCE, standardizer="reference", required="always", references="project"
        ),
        Attribute(
            "milestone", standardizer="identifier", max_length=80, help="Number of the milestone billed."
        ),
        Attribute("period_start", Kind.DATE, standardizer="date", help="First day billed."),
        Attribute("period_end", Kind.DATE, standardizer="date", help="Last day billed."),
        Attribute("description", standardizer="text", max_length=1000),
        Attribute("net", Kind.MONEY, standardizer="money", help="In the invoice's currency."),
        Attribute("tax_code", standardizer="code", max_length=40, codes="tax_code"),
    ),
)

COLLECTIONS = (LINES,)
