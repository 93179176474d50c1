"""Child tables of a customer as the engine sees them."""

from apps.entities.customer.attributes import PARENT_KINDS
from apps.golden.spec import Attribute, Collection, Kind

ADDRESS_KINDS = ("registered", "bill_to", "ship_to")
CONTACT_ROLES = ("billing", "decision", "technical", "procurement", "legal", "executive", "other")

TAX_IDS = Collection(
    name="tax_ids",
    model="customer.CustomerTaxId",
    group="tax",
    standardizer="tax_id",
    # One number per scheme and country: where systems differ, the owner's stands.
    identity=("scheme", "country"),
    required="active",
    label="tax ids",
    columns=(
        Attribute("scheme", max_length=20, help="vat, ein, coh and other schemes."),
        Attribute("country", standardizer="country", max_length=2, help="ISO 3166.", codes="country"),
        Attribute("value", max_length=40, label="number", help="Without blanks, check digits verified."),
    ),
)

ALTERNATE_NAMES = Collection(
    name="alternate_names",
    model="customer.CustomerName",
    group="name",
    identity=("name",),
    label="alternate names",
    columns=(Attribute("name", standardizer="organisation_name", help="Former, short or foreign name."),),
)

ADDRESSES = Collection(
    name="addresses",
    model="customer.CustomerAddress",
    group="addresses",
    standardizer="address",
    # `site` tells several places of one kind apart; without it there is one of each kind.
    identity=("kind", "site"),
    required="active",
    required_kinds=("registered", "bill_to"),
    columns=(
        Attribute("kind", Kind.CHOICE, standardizer="enum", choices=ADDRESS_KINDS, max_length=20),
        Attribute(
            "site", standardizer="text", max_length=80, help="Name of the place, if there are several."
        ),
        Attribute("line1", standardizer="text", label="street", help="Street and number."),
        Attribute("line2", standardizer="text", label="addition", help="Floor, building, care of."),
        Attribute("city", standardizer="text", max_length=120),
        Attribute("region", standardizer="text", max_length=120, help="State, province or county."),
        Attribute("postcode", standardizer="text", max_length=20),
        Attribute("country", standardizer="country", max_length=2, help="ISO 3166.", codes="country"),
    ),
)

ENTITY_TERMS = Collection(
    name="entity_terms",
    model="customer.CustomerTerms",
    group="terms",
    identity=("legal_entity",),
    required="active",
    label="terms by legal entity",
    legal_entity="legal_entity",
    columns=(
        Attribute(
            "legal_entity", standardizer="code", max_length=40, label="our legal entity", codes="legal_entity"
        ),
        Attribute(
            "currency",
            standardizer="currency",
            required="active",
            max_length=3,
            help="ISO 4217.",
            codes="currency",
        ),
        Attribute(
            "payment_terms",
            standardizer="payment_terms",
            required="active",
            max_length=40,
            codes="payment_terms",
        ),
        Attribute("tax_profile", standardizer="text", required="active", max_length=80, codes="tax_profile"),
        Attribute("credit_limit", Kind.MONEY, standardizer="money", help="In the currency of the terms."),
        Attribute("credit_hold", Kind.BOOLEAN, standardizer="boolean", help="No new work on credit."),
        Attribute("ar_account", standardizer="code", max_length=40, label="receivables account"),
    ),
)

CONTACTS = Collection(
    name="contacts",
    model="customer.CustomerContact",
    group="contacts",
    identity=("role", "email"),
    required="active",
    required_kinds=("billing",),
    columns=(
        Attribute("role", Kind.CHOICE, standardizer="enum", choices=CONTACT_ROLES, max_length=20),
        Attribute("name", standardizer="person_name", personal=True),
        Attribute("email", standardizer="email", personal=True, max_length=254, label="e-mail"),
        Attribute("phone", standardizer="phone", personal=True, max_length=48, help="E.164."),
    ),
)

PARENTS = Collection(
    name="parents",
    model="customer.CustomerParent",
    group="relationships",
    identity=("kind", "valid_from"),
    label="places in trees",
    columns=(
        Attribute(
            "kind",
            Kind.CHOICE,
            standardizer="enum",
            required="always",
            choices=PARENT_KINDS,
            max_length=20,
            label="tree",
            help="Legal ownership, commercial grouping, or who pays.",
        ),
        Attribute(
            "parent",
            Kind.REFERENCE,
            standardizer="reference",
            references="customer",
            label="parent customer",
            help="None: it stands alone.",
        ),
        Attribute("valid_from", Kind.DATE, standardizer="date", help="First day; none: always."),
        Attribute("valid_to", Kind.DATE, standardizer="date", help="Last day; none: until further notice."),
    ),
)

COLLECTIONS = (TAX_IDS, ALTERNATE_NAMES, ADDRESSES, ENTITY_TERMS, CONTACTS, PARENTS)
