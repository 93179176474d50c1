"""Outbound mappings: golden records to payloads and back."""

import pytest

from apps.connectors.catalog import Catalog, CatalogField, CatalogObject
from apps.connectors.failures import FailureClass
from apps.connectors.mappings import (
    FieldDrift,
    MappingDocumentError,
    MappingErrors,
    Payload,
    RefNeed,
    compile_mapping,
    value_faults,
)
from apps.connectors.mappings.outbound import check_losses

HEAD = "mapping: toy.account\nentity: customer\nobject: Account\ndirection: both\nkey: {hub: mdm_id, remote: Key}\n"
MAPPING = compile_mapping(
    HEAD
    + """
authority: {default: hub, Industry: remote}
match_when: {eq: [Type, Client]}
requires: [{ref: parent, mapping: toy.account}]
fields:
  - {hub: legal_name, remote: Name, required: true, max: 10}
  - {hub: trade_name, remote: Short, max: 5, on_too_long: truncate}
  - {hub: phone, remote: Phone, max: 5, on_too_long: omit}
  - {hub: "addresses[kind=registered].city", remote: City}
  - {hub: "addresses[kind=registered].country", remote: Country, to: [iso2], null: omit}
  - {hub: status, remote: Active, to: [{lookup: {active: "Yes", closed: "No"}}]}
  - {hub: amount, remote: Amount, to: [{decimal: 2}, number]}
  - {hub: industry, remote: Industry}
  - {const: hub, remote: Source}
  - {hub: parent, remote: Parent.Key, ref: customer, null_remote: ParentId, null: send_null}
  - each: contacts
    remote: People.items
    fields: [{hub: email, remote: Mail}, {hub: role, remote: Role, to: [upper], from: [lower]}]
deactivate: {set: {Active: "No"}}
"""
)
FULL = {
    "id": "g1",
    "legal_name": "Acme",
    "status": "active",
    "amount": "1234.50",
    "addresses": [
        {"kind": "bill_to", "city": "York"},
        {"kind": "registered", "city": "Leeds", "country": "England"},
    ],
    "parent": "g0",
    "industry": "steel",
    "contacts": [{"email": "a@b.c", "role": "billing"}],
}


def body(golden: dict[str, object]) -> dict[str, object]:
    made = MAPPING.to_remote(golden, {"g0": "K-0"})
    assert isinstance(made, Payload), made
    return made.body


def test_to_remote() -> None:
    assert MAPPING.to_remote(FULL, {"g0": "K-0"}) == Payload(
        "Account",
        "g1",
        {
            "Name": "Acme",
            "City": "Leeds",
            "Country": "GB",
            "Active": "Yes",
            "Amount": 1234.5,
            "Source": "hub",
            "Parent": {"Key": "K-0"},
            "People": {"items": [{"Mail": "a@b.c", "Role": "BILLING"}]},
        },
    )


def test_the_targets_own_fields_are_read_and_never_written() -> None:
    assert "Industry" not in body(FULL)
    assert MAPPING.from_remote({"Industry": "coal"}) == {"industry": "coal"}


def test_from_remote() -> None:
    remote = {"Name": "Acme", "City": "Leeds", "Country": "GB", "Active": "No", "Amount": 10, "Parent": {"Key": "x"},
              "People": {"items": [{"Mail": "a@b.c", "Role": "BILLING"}]}}  # fmt: skip
    assert MAPPING.from_remote(remote) == {
        "legal_name": "Acme",
        "addresses": [{"kind": "registered", "city": "Leeds", "country": "GB"}],
        "status": "closed",
        "amount": "10.00",
        "contacts": [{"email": "a@b.c", "role": "billing"}],
    }


def test_what_does_not_fit_is_left_out_of_records_and_of_their_items() -> None:
    remote = {
        "Name": "Acme",
        "Country": "XK",
        "People": {"items": [{"Mail": "a@b.c", "Role": {"title": "CFO"}}]},
    }
    assert MAPPING.from_remote(remote) == {"legal_name": "Acme", "contacts": [{"email": "a@b.c"}]}


def test_nothing_said_is_nothing_sent_and_null_clears() -> None:
    assert body({"id": "g1", "legal_name": "Acme"}) == {"Name": "Acme", "Source": "hub"}
    cleared = body({"id": "g1", "legal_name": "Acme", "status": None, "parent": None})
    assert cleared == {"Name": "Acme", "Source": "hub", "Active": None, "ParentId": None}
    unknown = {"kind": "registered", "country": None}
    assert "Country" not in body({"id": "g1", "legal_name": "A", "addresses": [unknown]})


def test_lengths() -> None:
    sent = body({"id": "g1", "legal_name": "Acme", "trade_name": "Acme Group", "phone": "123456"})
    assert sent == {"Name": "Acme", "Short": "Acme", "Source": "hub"}
    failed = MAPPING.to_remote({"id": "g1", "legal_name": "Acme Holdings"}, {})
    assert isinstance(failed, MappingErrors)
    assert str(failed) == "legal_name: has 13 characters, the target takes 10"


def test_every_fault_is_told_and_permanent_wins() -> None:
    failed = MAPPING.to_remote({"id": "g1", "parent": "g9", "status": "odd"}, {})
    assert isinstance(failed, MappingErrors)
    assert [(error.hub, error.cls) for error in failed.errors] == [
        ("legal_name", FailureClass.PERMANENT),
        ("status", FailureClass.PERMANENT),
        ("parent", FailureClass.MISSING_DEPENDENCY),
    ]
    assert failed.cls is FailureClass.PERMANENT


def test_a_parent_that_is_not_there_yet_is_waited_for() -> None:
    failed = MAPPING.to_remote({"id": "g1", "legal_name": "Acme", "parent": "g9"}, {"g0": "K-0"})
    assert isinstance(failed, MappingErrors)
    assert failed.cls is FailureClass.MISSING_DEPENDENCY
    assert MAPPING.references(FULL) == [RefNeed("parent", "customer", "g0")]


def test_without_an_id_there_is_no_payload() -> None:
    assert isinstance(MAPPING.to_remote({"legal_name": "Acme"}, {}), MappingErrors)
    made = MAPPING.to_remote({"mdm_id": "m1", "legal_name": "Acme"}, {})
    assert isinstance(made, Payload)
    assert made.ext_id == "m1"


def test_drift_names_the_fields_that_differ() -> None:
    payload = MAPPING.to_remote(FULL, {"g0": "K-0"})
    assert isinstance(payload, Payload)
    held = {**payload.body, "Amount": "1234.500", "City": "LEEDS", "Short": None}
    assert MAPPING.drift(payload, held) == [FieldDrift("City", "Leeds", "LEEDS")]
    assert MAPPING.drift(payload, {"Name": "Acme"}) == []


def test_matches_and_columns() -> None:
    assert MAPPING.matches({"Type": "Client"})
    assert not MAPPING.matches({"Type": "Rival"})
    assert "Parent" in MAPPING.remote_fields
    assert "Parent.Key" in MAPPING.remote_paths
    assert MAPPING.deactivation == {"Active": "No"}
    assert MAPPING.system == "toy"


def test_a_catalog_shows_what_does_not_fit() -> None:
    known = tuple(
        CatalogField(name, "string", max_length=8 if name == "Name" else None)
        for name in [
            "Key",
            "Name",
            "Short",
            "Phone",
            "City",
            "Country",
            "Active",
            "Amount",
            "Source",
            "Parent",
            "People",
        ]
    )
    assert MAPPING.check_against(Catalog((CatalogObject("Account", "Account", known),))) == [
        "Account has no field Industry.",
        "Name takes 8 characters, the mapping allows 10.",
    ]
    assert MAPPING.check_against(Catalog(())) == ["Account does not exist in the target."]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("fields: [{hub: a, remote: X}, {hub: b, remote: X}]", "X is written twice"),
        ("fields: [{hub: a, remote: X, to: [hash]}]", "hash has no known way back"),
        ("fields: [{remote: X}]", r"fields\[0\]"),
        ("fields: [{hub: a, remote: X}]\ntests: [{hub: {a: q}, remote: {X: w}}]", r"tests\[0\].*gives"),
        ("fields: [{hub: a, remote: X, max: 1}]\ntests: [{hub: {a: qq}, remote: {X: w}}]", "cannot be carried over"),
        ("fields: [{hub: a, remote: X, to: [upper], from: [{prefix: z}]}]\ntests: [{hub: {a: q}, remote: {X: Q}}]",
         "does not survive the way back"),
        ("fields: [{hub: a, remote: X, colour: red}]", "colour"),
    ],
)  # fmt: skip
def test_documents_that_do_not_compile(fields: str, problem: str) -> None:
    with pytest.raises(MappingDocumentError, match=problem):
        compile_mapping(HEAD + fields)


def test_fields_are_held_against_types_and_lengths_of_the_target() -> None:
    known = tuple(
        CatalogField(name, type_)
        for name, type_ in (
            ("MDM_Id__c", "string"), ("Name", "double"), ("Credit__c", "string"), ("Since__c", "Edm.DateTime"),
            ("Open__c", "boolean"),
        )
    )  # fmt: skip
    text = """
mapping: toy.account
entity: customer
object: Account
key: {hub: mdm_id, remote: MDM_Id__c}
fields:
  - {hub: legal_name, remote: Name, to: [trim]}
  - {hub: credit, remote: Credit__c, to: [{decimal: 2}]}
  - {hub: since, remote: Since__c, to: [boolean]}
  - {hub: open, remote: Open__c}
"""
    described = CatalogObject("Account", "Account", known)
    assert compile_mapping(text).check_against(Catalog((described,))) == [
        "Name is a double, the mapping gives it a text.",
        "Since__c is a Edm.DateTime, the mapping gives it a boolean.",
    ]
    short = CatalogField("Short__c", "string", max_length=3)
    asked = CatalogObject("Account", "Account", (*known, short))
    good = {"Name": "12.5", "Open__c": "false", "Since__c": "2026-01-31", "Short__c": "abc", "Other__c": "?"}
    assert value_faults(asked, good) == []
    bad = {"Name": "x", "Open__c": 1, "Since__c": "soon", "Short__c": "abcd", "Credit__c": 7}
    assert [(fault.remote, fault.reason) for fault in value_faults(asked, bad)] == [
        ("Name", "is no number: the target has double there"),
        ("Open__c", "is no boolean: the target has boolean there"),
        ("Since__c", "is no moment: the target has Edm.DateTime there"),
        ("Short__c", "has 4 characters, the target takes 3"),
    ]


LOSSY = """
mapping: toy.lossy
entity: customer
object: Account
direction: both
key: {hub: mdm_id, remote: MDM_Id__c}
fields:
  - {hub: legal_name, remote: Name, max: 4, on_too_long: truncate%s}
  - each: addresses
    remote: Places
    fields: [{hub: city, remote: City, to: [upper], from: [trim]}]
tests: [{hub: {legal_name: %s, addresses: [{city: %s}]}, remote: {Name: %s, Places: [{City: %s}]}}]
"""


def test_what_does_not_come_back_must_be_named() -> None:
    check_losses(LOSSY % ("", "Acme", "YORK", "Acme", "YORK"))
    with pytest.raises(
        MappingDocumentError, match=r"legal_name goes out as 'Acme Ltd' and comes back as 'Acme'"
    ):
        check_losses(LOSSY % ("", "Acme Ltd", "YORK", "Acme", "YORK"))
    check_losses(LOSSY % (", loss: four characters", "Acme Ltd", "YORK", "Acme", "YORK"))
    with pytest.raises(
        MappingDocumentError, match=r"addresses\.city goes out as 'York' and comes back as 'YORK'"
    ):
        check_losses(LOSSY % ("", "Acme", "York", "Acme", "YORK"))
    mapping = compile_mapping(LOSSY % (", loss: four characters", "Acme", "YORK", "Acme", "YORK"))
    golden = {"id": "g", "legal_name": "Acme Ltd"}
    [loss] = mapping.losses(golden, Payload("Account", "g", {"Name": "Acme"}))
    assert (loss.attribute, loss.remote, loss.sent, loss.back, loss.reason) == (
        "legal_name", "Name", "Acme Ltd", "Acme", "four characters",
    )  # fmt: skip
