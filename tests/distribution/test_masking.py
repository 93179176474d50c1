"""Payloads are masked by every mapping that could have written them, and wherever a personal value shows up."""

from apps.connectors.mappings import OutboundMapping, compile_mapping
from apps.distribution.engine.masking import MASK, Masker
from apps.golden.registry import entity

RESOURCE = entity("resource")


def mapping(*fields: str) -> OutboundMapping:
    lines = "\n".join(f"  - {{{each}}}" for each in fields)
    head = "mapping: toy.person\nentity: resource\nobject: Person\ndirection: push\nkey: {hub: mdm_id, remote: Key}\n"
    return compile_mapping(f"{head}fields:\n{lines}\n")


NEW = mapping("hub: employee_number, remote: number")
OLD = mapping("hub: employee_number, remote: number", "hub: given_name, remote: firstName")
ADA = {"employee_number": "E-77", "given_name": "Ada", "family_name": "Lovelace"}


def test_short_personal_values_are_known_by_the_mapping_that_wrote_them() -> None:
    before = {"number": "E-77", "firstName": "Ada"}
    assert Masker(RESOURCE, ADA, NEW, OLD).payload(before) == {"number": "E-77", "firstName": MASK}
    assert Masker(RESOURCE, ADA, NEW).payload(before)["firstName"] == "Ada"


def test_long_personal_values_are_masked_wherever_they_stand() -> None:
    said = {"number": "E-77", "note": "asked LOVELACE"}
    assert Masker(RESOURCE, ADA, NEW).payload(said) == {"number": "E-77", "note": MASK}
    assert Masker(RESOURCE, ADA, NEW).text("no Lovelace here") == f"no {MASK} here"
