"""The sandbox organisation's Salesforce objects and their fields."""

from apps.connectors.sandbox.schema import Field, ObjectType

_KEY = Field("MDM_Id__c", length=64, external_id=True)
_CURRENCIES = (
    "GBP",
    "USD",
    "EUR",
    "SEK",
    "PLN",
    "CHF",
    "NOK",
    "DKK",
    "CAD",
    "AUD",
    "JPY",
    "CZK",
    "HUF",
    "INR",
    "SGD",
)
_CURRENCY = Field("CurrencyIsoCode", "choice", choices=_CURRENCIES)


def _address(kind: str) -> tuple[Field, ...]:
    return (
        Field(f"{kind}Street", length=255),
        Field(f"{kind}City", length=40),
        Field(f"{kind}State", length=80),
        Field(f"{kind}PostalCode", length=20),
        Field(f"{kind}CountryCode", length=2),
    )


_ACCOUNT = ObjectType(
    "Account",
    "Account",
    (
        _KEY,
        Field("Name", length=255, required=True),
        Field("Trade_Name__c", length=255),
        Field("AccountNumber", length=40),
        Field("DunsNumber", length=9),
        Field("LEI__c", length=20),
        Field("Registration_Number__c", length=40),
        Field("VAT__c", length=40),
        Field("ParentId", "reference", target="Account", relation="Parent"),
        Field("Website", length=255),
        Field("Phone", length=40),
        Field("Email__c", length=80),
        Field("Industry", length=120),
        Field("OwnerId", length=18),
        Field("Segment__c", length=80),
        Field("Selling_Entity__c", length=40),
        Field(
            "Status__c",
            "choice",
            choices=("Prospect", "Onboarding", "Active", "On Hold", "Dormant", "Closed"),
        ),
        _CURRENCY,
        *_address("Billing"),
        *_address("Shipping"),
    ),
    prefix="001",
)
_OPPORTUNITY = ObjectType(
    "Opportunity",
    "Opportunity",
    (
        _KEY,
        Field("Name", length=120, required=True),
        Field("AccountId", "reference", target="Account", relation="Account"),
        Field("StageName", length=40, required=True),
        Field("CloseDate", "date", required=True),
        Field("Contract_Number__c", length=80),
        Field("PO_Number__c", length=80),
        Field("Selling_Entity__c", length=40),
        Field("Service_Line__c", length=120),
        Field(
            "Billing_Type__c",
            "choice",
            choices=("Time and Materials", "Fixed Price", "Milestone", "Retainer", "Capped T&M"),
        ),
        Field("Amount", "number"),
        _CURRENCY,
        Field("Start__c", "date"),
        Field("End__c", "date"),
        Field("MDM_Status__c", length=20),
    ),
    prefix="006",
)
_PROJECT = ObjectType(
    "pse__Proj__c",
    "Project",
    (
        _KEY,
        Field("Name", length=80, required=True),
        Field("pse__Project_ID__c", length=80),
        Field("pse__Account__c", "reference", target="Account", relation="pse__Account__r"),
        Field("pse__Opportunity__c", "reference", target="Opportunity", relation="pse__Opportunity__r"),
        Field("pse__Billing_Type__c", "choice", choices=("Time and Materials", "Fixed Price", "Milestone")),
        Field("pse__Is_Billable__c", "boolean"),
        Field("pse__Is_Active__c", "boolean"),
        _CURRENCY,
        Field("pse__Start_Date__c", "date"),
        Field("pse__End_Date__c", "date"),
        Field(
            "pse__Stage__c",
            "choice",
            choices=("Requested", "Planned", "In Progress", "On Hold", "Completed", "Closed"),
        ),
        Field("pse__Planned_Hours__c", "number"),
        Field("Selling_Entity__c", length=40),
        Field("Delivery_Entity__c", length=40),
    ),
    prefix="a2F",
)
_INVOICE = ObjectType(
    "MDM_Invoice__c",
    "Invoice",
    (
        _KEY,
        Field("Name", length=80, required=True),
        Field("Kind__c", length=20),
        Field("Account__c", "reference", target="Account", relation="Account__r"),
        Field("Opportunity__c", "reference", target="Opportunity", relation="Opportunity__r"),
        _CURRENCY,
        Field("Net__c", "number"),
        Field("Gross__c", "number"),
        Field("Balance__c", "number"),
        Field("Issued_On__c", "date"),
        Field("Due_On__c", "date"),
        Field("Paid_On__c", "date"),
        Field("Status__c", length=20),
    ),
    prefix="a3I",
)
OBJECTS = {kind.name: kind for kind in (_ACCOUNT, _OPPORTUNITY, _PROJECT, _INVOICE)}
