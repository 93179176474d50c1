"""How the engine treats a vehicle: one attribute of every kind, a reference and a child table."""

from apps.golden.spec import Attribute, Collection, EntitySpec, Kind, Lifecycle, MatchFeature, MatchSpec

FUELS = ("petrol", "diesel", "electric")
LIFECYCLE = Lifecycle(
    states=("ordered", "in_use", "sold"),
    initial="ordered",
    active=frozenset({"in_use"}),
    transitions={"ordered": ("in_use",), "in_use": ("sold",), "sold": ()},
)

TRIPS = Collection(
    name="trips",
    model="vehicle.VehicleTrip",
    group="use",
    identity=("number",),
    columns=(
        Attribute("number", Kind.INTEGER, standardizer="integer", required="always"),
        Attribute("driver", Kind.REFERENCE, standardizer="reference", references="resource"),
        Attribute("driven_on", Kind.DATE, standardizer="date"),
        Attribute("distance", Kind.DECIMAL, standardizer="decimal", help="Kilometres."),
    ),
)

SPEC = EntitySpec(
    name="vehicle",
    model="vehicle.Vehicle",
    label="vehicle",
    plural="vehicles",
    code_prefix="VEH",
    title_attribute="name",
    attributes=(
        Attribute("name", group="name", standardizer="text", required="always"),
        Attribute(
            "plate", group="name", standardizer="code", required="active", max_length=20, label="number plate"
        ),
        Attribute("fuel", Kind.CHOICE, group="technical", standardizer="enum", choices=FUELS, max_length=20),
        Attribute("seats", Kind.INTEGER, group="technical", standardizer="integer"),
        Attribute("load", Kind.DECIMAL, group="technical", standardizer="decimal", help="Tonnes."),
        Attribute("price", Kind.MONEY, group="purchase", standardizer="money"),
        Attribute("currency", group="purchase", standardizer="currency", max_length=3),
        Attribute("leased", Kind.BOOLEAN, group="purchase", standardizer="boolean"),
        Attribute("bought_on", Kind.DATE, group="purchase", standardizer="date"),
        Attribute("seen_at", Kind.TIMESTAMP, group="use", standardizer="timestamp"),
        Attribute("keeper", Kind.REFERENCE, group="use", standardizer="reference", references="resource"),
        Attribute("phone", group="use", standardizer="phone", personal=True, max_length=48),
        Attribute(
            "status",
            Kind.CHOICE,
            group="status",
            standardizer="enum",
            required="always",
            choices=LIFECYCLE.states,
            max_length=20,
        ),
    ),
    collections=(TRIPS,),
    lifecycle=LIFECYCLE,
    match=MatchSpec(
        strategy="fuzzy",
        features=(
            MatchFeature("name", "name", "free_text"),
            MatchFeature("plate", "plate", "identifier"),
            MatchFeature("fuel", "fuel", "category"),
            MatchFeature("bought_on", "bought_on", "date"),
        ),
    ),
    owners={"name": ("erp", "crm"), "purchase": ("erp",), "use": ("crm", "erp"), "status": ("erp", "crm")},
    approvals=("purchase",),
    lookups=("plate",),
    filters=("status", "fuel", "keeper"),
)
