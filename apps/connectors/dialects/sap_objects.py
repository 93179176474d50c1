"""What the hub uses of S/4HANA's services: entity sets, keys, where the hub's id stands, parts, feeds."""

from dataclasses import dataclass, field
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Part:
    """Entities that hang on a record and are written with it; `match` names what makes them the same.

    Without `match` they are the same by their place in the list.
    """

    entity_set: str
    keys: tuple[str, ...]
    match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A date property, and the time property that completes it; `stamp` for one that is both."""

    date: str
    time: str = ""
    stamp: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """`ext` is the property that carries the hub's id; "" when it is an identification of the partner."""

    service: str
    key: str
    ext: str
    feeds: tuple[Moment, ...]
    parts: dict[str, Part] = field(default_factory=dict)
    guid_key: bool = False
    read_only: bool = False


IDENTIFICATIONS = "A_BuPaIdentification"
_PARTNER_PARTS = {
    "to_BusinessPartnerAddress": Part("A_BusinessPartnerAddress", ("BusinessPartner", "AddressID")),
    "to_BusinessPartnerRole": Part(
        "A_BusinessPartnerRole", ("BusinessPartner", "BusinessPartnerRole"), ("BusinessPartnerRole",)
    ),
    "to_BusinessPartnerTax": Part(
        "A_BusinessPartnerTaxNumber", ("BusinessPartner", "BPTaxType"), ("BPTaxType",)
    ),
    "to_BuPaIdentification": Part(
        IDENTIFICATIONS,
        ("BusinessPartner", "BPIdentificationType", "BPIdentificationNumber"),
        ("BPIdentificationType", "BPIdentificationNumber"),
    ),
}
KINDS = {
    "A_BusinessPartner": Kind(
        "API_BUSINESS_PARTNER",
        "BusinessPartner",
        "",
        # A partner that was never changed has no LastChangeDate.
        (Moment("LastChangeDate", "LastChangeTime"), Moment("CreationDate", "CreationTime")),
        _PARTNER_PARTS,
    ),
    "A_SalesOrder": Kind(
        "API_SALES_ORDER_SRV",
        "SalesOrder",
        "PurchaseOrderByShipToParty",
        (Moment("LastChangeDateTime", stamp=True),),
    ),
    "A_EnterpriseProject": Kind(
        "API_ENTERPRISE_PROJECT_SRV;v=0002",
        "ProjectUUID",
        "YY1_MDMID_PPH",
        (Moment("LastChangeDateTime", stamp=True),),
        guid_key=True,
    ),
    "A_BillingDocument": Kind(
        "API_BILLING_DOCUMENT_SRV",
        "BillingDocument",
        "DocumentReferenceID",
        (Moment("LastChangeDateTime", stamp=True),),
        read_only=True,
    ),
}
#: Properties that hold the number of another record; payloads name it by the hub's id: `SoldToParty.mdm_id`.
REFERENCES = {
    "SoldToParty": "A_BusinessPartner",
    "PayerParty": "A_BusinessPartner",
    "YY1_CustomerID_PPH": "A_BusinessPartner",
    "YY1_SalesOrder_PPH": "A_SalesOrder",
}


def short_key(ext_id: str) -> str:
    """Return the hub's id as it fits into 35 characters: a UUID without its dashes."""
    try:
        return UUID(ext_id).hex if len(ext_id) == 36 else ext_id
    except ValueError:
        return ext_id


def long_key(stored: str) -> str:
    """Return the id that `short_key` was given."""
    try:
        return str(UUID(stored)) if len(stored) == 32 else stored
    except ValueError:
        return stored
