"""What the sandbox S/4HANA knows of its entity sets: its own short list, or all that an EDMX document says."""

from xml.etree import ElementTree

from apps.connectors.sandbox.schema import Field, FieldType, ObjectType

_SAP = "{http://www.sap.com/Protocols/SAPData}"
_TYPES: dict[str, FieldType] = {
    "Edm.DateTime": "date",
    "Edm.DateTimeOffset": "datetime",
    "Edm.Boolean": "boolean",
}


def _texts(**lengths: int) -> tuple[Field, ...]:
    return tuple(Field(name, length=length) for name, length in lengths.items())


def _stamps(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, read_only=True) for name in names)


_PARTNER = ObjectType(
    "A_BusinessPartner",
    "Business partner",
    (
        *_stamps("BusinessPartner", "BusinessPartnerFullName", "LastChangeDate", "LastChangeTime"),
        *_stamps("CreationDate", "CreationTime"),
        Field("BusinessPartnerCategory", length=1, required=True),
        *_texts(BusinessPartnerGrouping=4, CorrespondenceLanguage=2, SearchTerm1=20, SearchTerm2=20),
        *_texts(OrganizationBPName1=40, OrganizationBPName2=40, OrganizationBPName3=40),
        *_texts(OrganizationBPName4=40, FirstName=40, LastName=40),
        *_texts(BusinessPartnerIDByExtSystem=20, TradingPartner=6),
        Field("BusinessPartnerIsBlocked", "boolean"),
        Field("IsMarkedForArchiving", "boolean"),
        Field("to_BusinessPartnerAddress", "list"),
        Field("to_BusinessPartnerRole", "list"),
        Field("to_BusinessPartnerTax", "list"),
        Field("to_BuPaIdentification", "list"),
    ),
    title="OrganizationBPName1",
)
_ADDRESS = ObjectType(
    "A_BusinessPartnerAddress",
    "Address",
    (
        *_texts(BusinessPartner=10, AddressID=10, StreetName=60, HouseNumber=10, StreetPrefixName=40),
        *_texts(CityName=40, PostalCode=10, Region=3, Country=3, AddressIDByExternalSystem=20, Language=2),
    ),
)
_ROLE = ObjectType("A_BusinessPartnerRole", "Role", _texts(BusinessPartner=10, BusinessPartnerRole=6))
_TAX = ObjectType(
    "A_BusinessPartnerTaxNumber",
    "Tax number",
    _texts(BusinessPartner=10, BPTaxType=4, BPTaxNumber=20, BPTaxLongNumber=60),
)
_IDENTIFICATION = ObjectType(
    "A_BuPaIdentification",
    "Identification",
    _texts(BusinessPartner=10, BPIdentificationType=6, BPIdentificationNumber=60),
)
_ORDER = ObjectType(
    "A_SalesOrder",
    "Sales order",
    (
        *_stamps("SalesOrder", "LastChangeDateTime", "CreationDate", "TotalNetAmount"),
        Field("SalesOrderType", length=4, required=True),
        Field("SoldToParty", "reference", required=True, target="A_BusinessPartner"),
        *_texts(SalesOrganization=4, DistributionChannel=2, OrganizationDivision=2, TransactionCurrency=5),
        *_texts(PurchaseOrderByCustomer=35, PurchaseOrderByShipToParty=35, CustomerPaymentTerms=4),
        *_texts(HeaderBillingBlockReason=2, DeliveryBlockReason=2, AssignmentReference=18),
        Field("SalesOrderDate", "date"),
        Field("RequestedDeliveryDate", "date"),
    ),
    title="PurchaseOrderByCustomer",
)
_PROJECT = ObjectType(
    "A_EnterpriseProject",
    "Enterprise project",
    (
        *_stamps("ProjectUUID", "LastChangeDateTime", "CreationDateTime"),
        Field("Project", length=24, required=True),
        Field("ProjectDescription", length=60, required=True),
        *_texts(
            ProjectCurrency=5, CompanyCode=4, ProjectProfileCode=7, YY1_MDMID_PPH=40, YY1_MDMStatus_PPH=20
        ),
        Field("ProjectStartDate", "date"),
        Field("ProjectEndDate", "date"),
        Field("YY1_CustomerID_PPH", "reference", target="A_BusinessPartner"),
        Field("YY1_SalesOrder_PPH", "reference", target="A_SalesOrder"),
    ),
    title="ProjectDescription",
)
_BILLING = ObjectType(
    "A_BillingDocument",
    "Billing document",
    (
        *_stamps("BillingDocument", "LastChangeDateTime", "TotalNetAmount", "TotalGrossAmount", "TaxAmount"),
        *_stamps("SoldToParty", "PayerParty", "TransactionCurrency", "BillingDocumentDate", "CompanyCode"),
        *_stamps("DocumentReferenceID", "BillingDocumentIsCancelled", "BillingDocumentType"),
        *_stamps("PurchaseOrderByCustomer", "CustomerPaymentTerms", "InvoiceClearingStatus"),
    ),
    title="DocumentReferenceID",
)
SERVICES = {
    "API_BUSINESS_PARTNER": (_PARTNER, _ADDRESS, _ROLE, _TAX, _IDENTIFICATION),
    "API_SALES_ORDER_SRV": (_ORDER,),
    "API_ENTERPRISE_PROJECT_SRV;v=0002": (_PROJECT,),
    "API_BILLING_DOCUMENT_SRV": (_BILLING,),
}
#: Under which property of a partner the entities of a set hang, and which keys they have besides its number.
PARTS = {
    "A_BusinessPartnerAddress": ("to_BusinessPartnerAddress", ("AddressID",)),
    "A_BusinessPartnerRole": ("to_BusinessPartnerRole", ("BusinessPartnerRole",)),
    "A_BusinessPartnerTaxNumber": ("to_BusinessPartnerTax", ("BPTaxType",)),
    "A_BuPaIdentification": ("to_BuPaIdentification", ("BPIdentificationType", "BPIdentificationNumber")),
}
OBJECTS = {kind.name: kind for kinds in SERVICES.values() for kind in kinds}
KEYS = {
    "A_BusinessPartner": "BusinessPartner",
    "A_SalesOrder": "SalesOrder",
    "A_EnterpriseProject": "ProjectUUID",
    "A_BillingDocument": "BillingDocument",
}


def with_contract(own: ObjectType, edmx: str) -> ObjectType:
    """Return the entity set as the vendor's EDMX describes it; what must be given and references stay ours."""
    root = ElementTree.fromstring(edmx)  # noqa: S314 - a file that the tester names
    wanted = next(
        one.get("EntityType", "").rpartition(".")[2]
        for one in root.iter()
        if one.tag.endswith("}EntitySet") and one.get("Name") == own.name
    )
    described = next(
        one for one in root.iter() if one.tag.endswith("}EntityType") and one.get("Name") == wanted
    )
    fields = []
    for one in described:
        name = str(one.get("Name"))
        known = own.field(name)
        if one.tag.endswith("}NavigationProperty"):
            fields.append(Field(name, "list"))
        elif one.tag.endswith("}Property"):
            kept = known.type if known is not None and known.type == "reference" else None
            fields.append(
                Field(
                    name,
                    kept or _TYPES.get(str(one.get("Type")), "string"),
                    length=int(one.get("MaxLength") or 0),
                    required=bool(known and known.required),
                    target=known.target if known else "",
                    read_only=one.get(f"{_SAP}updatable") == "false"
                    and one.get(f"{_SAP}creatable") == "false",
                )
            )
    return ObjectType(own.name, own.label, tuple(fields), own.prefix, own.title)
