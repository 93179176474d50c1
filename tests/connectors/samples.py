"""What the contract suite needs to know of each connector: an object, payloads, and how its target refuses."""

from dataclasses import dataclass, field
from typing import Any

from apps.connectors.contracts import FailureClass, Write

_FAULTS = {
    "lock": FailureClass.TRANSIENT,
    "500": FailureClass.TRANSIENT,
    "503": FailureClass.TRANSIENT,
    "refuse": FailureClass.TRANSIENT,
    "quota": FailureClass.RATE_LIMITED,
    "429": FailureClass.RATE_LIMITED,
    "duplicate": FailureClass.CONFLICT_REVIEW,
    "block": FailureClass.BUSINESS_BLOCK,
}


@dataclass(frozen=True)
class Sample:
    """`good` is a least payload; `changed` changes `field`; the `bad_*` payloads must be refused.

    `bad_parent` belongs to `parent_obj` where `obj` has no parents.
    """

    obj: str
    key_field: str
    field: str
    good: dict[str, Any]
    changed: dict[str, Any]
    bad_required: dict[str, Any]
    bad_unknown: dict[str, Any]
    bad_length: dict[str, Any] | None
    bad_parent: dict[str, Any]
    off: dict[str, Any]
    wrong_secret: str
    parent_obj: str = ""
    required: str = ""
    off_stored: Any = None
    faults: dict[str, FailureClass] = field(default_factory=lambda: dict(_FAULTS))

    def write(self, ext_id: str, **fields: Any) -> Write:
        return Write(ext_id, {**self.good, **fields})


SAMPLES = {
    "salesforce": Sample(
        obj="Account",
        key_field="MDM_Id__c",
        field="Name",
        good={"Name": "Acme Ltd", "BillingCity": "Leeds"},
        changed={"Name": "Acme Holdings Ltd", "BillingCity": "Leeds"},
        bad_required={"BillingCity": "Leeds"},
        bad_unknown={"Name": "Acme Ltd", "Colour__c": "red"},
        bad_length={"Name": "A" * 256},
        bad_parent={"Name": "Acme Ltd", "Parent": {"MDM_Id__c": "nobody"}},
        off={"Status__c": "Closed"},
        wrong_secret="client_secret",
    ),
    "netsuite": Sample(
        obj="customer",
        key_field="externalId",
        field="companyName",
        good={"companyName": "Acme Ltd", "subsidiary": {"externalId": "UK01"}},
        changed={"companyName": "Acme Holdings Ltd", "subsidiary": {"externalId": "UK01"}},
        bad_required={"subsidiary": {"externalId": "UK01"}},
        bad_unknown={"companyName": "Acme Ltd", "subsidiary": {"externalId": "UK01"}, "colour": "red"},
        bad_length={"companyName": "A" * 84, "subsidiary": {"externalId": "UK01"}},
        bad_parent={
            "companyName": "Acme Ltd",
            "subsidiary": {"externalId": "UK01"},
            "parent": {"externalId": "nobody"},
        },
        off={"isInactive": True},
        wrong_secret="token_secret",
    ),
    "dataverse": Sample(
        obj="accounts",
        key_field="mdm_id",
        field="name",
        good={"name": "Acme Ltd", "address1_city": "Leeds"},
        changed={"name": "Acme Holdings Ltd", "address1_city": "Leeds"},
        bad_required={"address1_city": "Leeds"},
        bad_unknown={"name": "Acme Ltd", "colour": "red"},
        bad_length={"name": "A" * 161},
        bad_parent={"name": "Acme Ltd", "parentaccountid": {"mdm_id": "nobody"}},
        off={"statecode": 1},
        wrong_secret="client_secret",
    ),
    "hubspot": Sample(
        obj="deals",
        key_field="mdm_id",
        field="dealname",
        good={"dealname": "Acme Ltd", "dealstage": "closedwon"},
        changed={"dealname": "Acme Holdings Ltd", "dealstage": "closedwon"},
        bad_required={"dealstage": "closedwon"},
        bad_unknown={"dealname": "Acme Ltd", "dealstage": "closedwon", "colour": "red"},
        bad_length={"dealname": "A" * 65537, "dealstage": "closedwon"},
        bad_parent={"dealname": "Acme Ltd", "dealstage": "closedwon", "companies": {"mdm_id": "nobody"}},
        off={"mdm_lifecycle": "closed"},
        wrong_secret="token",
        faults={**_FAULTS, "quota": FailureClass.QUOTA_EXHAUSTED},
    ),
    "sap": Sample(
        obj="A_BusinessPartner",
        key_field="BPIdentificationNumber",
        field="OrganizationBPName1",
        good={"BusinessPartnerCategory": "2", "OrganizationBPName1": "Acme Ltd"},
        changed={"BusinessPartnerCategory": "2", "OrganizationBPName1": "Acme Holdings Ltd"},
        bad_required={"OrganizationBPName1": "Acme Ltd"},
        bad_unknown={"BusinessPartnerCategory": "2", "Colour": "red"},
        bad_length={"BusinessPartnerCategory": "2", "OrganizationBPName1": "A" * 41},
        bad_parent={"SalesOrderType": "OR", "SoldToParty": {"mdm_id": "nobody"}},
        off={"BusinessPartnerIsBlocked": True},
        wrong_secret="password",
        parent_obj="A_SalesOrder",
        required="BusinessPartnerCategory",
        faults={**_FAULTS, "refuse": FailureClass.AMBIGUOUS},
    ),
    "tryton": Sample(
        obj="project.work",
        key_field="comment",
        field="name",
        good={"name": "Acme Ltd", "type": "project"},
        changed={"name": "Acme Holdings Ltd", "type": "project"},
        bad_required={"type": "project"},
        bad_unknown={"name": "Acme Ltd", "type": "project", "colour": "red"},
        bad_length=None,
        bad_parent={"name": "Acme Ltd", "type": "project", "party": {"mdm_id": "nobody"}},
        off={"status": {"name": "Done"}},
        off_stored=2,
        wrong_secret="password",
        faults={**_FAULTS, "refuse": FailureClass.AMBIGUOUS},
    ),
}
