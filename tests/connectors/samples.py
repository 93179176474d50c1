"""What the contract suite needs to know of each connector: an object, payloads, and how its target refuses."""

from dataclasses import dataclass
from typing import Any

from apps.connectors.contracts import Write


@dataclass(frozen=True)
class Sample:
    """`good` is a least payload; `changed` changes `field`; the `bad_*` payloads must be refused."""

    obj: str
    key_field: str
    field: str
    good: dict[str, Any]
    changed: dict[str, Any]
    bad_required: dict[str, Any]
    bad_unknown: dict[str, Any]
    bad_length: dict[str, Any]
    bad_parent: dict[str, Any]
    off: dict[str, Any]
    wrong_secret: str

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
}
