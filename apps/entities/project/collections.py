"""Child tables of a project as the engine sees them."""

from apps.golden.spec import Attribute, Collection, Kind

MILESTONES = Collection(
    name="milestones",
    model="project.ProjectMilestone",
    group="milestones",
    identity=("number",),
    columns=(
        Attribute("number", standardizer="identifier", required="always", max_length=80),
        Attribute("name", standardizer="text"),
        Attribute("target_on", Kind.DATE, standardizer="date", label="target"),
        Attribute("actual_on", Kind.DATE, standardizer="date", label="reached"),
        Attribute("amount", Kind.MONEY, standardizer="money", help="In the project's currency."),
        Attribute("approved", Kind.BOOLEAN, standardizer="boolean", label="approved for billing"),
        Attribute("invoice_no", standardizer="code", max_length=80, label="invoice number"),
    ),
)

COLLECTIONS = (MILESTONES,)
