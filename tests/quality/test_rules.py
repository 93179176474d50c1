"""Rules over whole golden documents: each finds its fault at full severity, and nothing in a sound one."""

from typing import Any
from uuid import UUID

import pytest

from apps.golden.registry import entities
from apps.golden.spec import Attribute, Collection, EntitySpec, Lifecycle, MatchSpec
from apps.quality.checks import check_specs, spec_errors
from apps.quality.registry import rules
from apps.quality.services import assess_document, standardize_records
from tests.quality.toy import SOUND, SPEC

RATE = SOUND["bill_rates"][0]


def findings(**changes: Any) -> list[tuple[str, str, str]]:
    document = {name: value for name, value in {**SOUND, **changes}.items() if value is not None}
    result = assess_document(spec=SPEC, document=document)
    assert result.values == document
    return [(issue.attribute, issue.code, issue.severity) for issue in result.issues]


def test_a_sound_document_has_no_findings() -> None:
    assert findings() == []
    assert assess_document(spec=SPEC, document=SOUND).score == 100


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": None}, ("title", "required.missing", "block")),
        ({"number": None}, ("number", "required.before_active", "block")),
        ({"addresses": []}, ("addresses", "required.before_active", "block")),
        ({"addresses": [{"kind": "registered"}]}, ("addresses", "required.before_active", "block")),
        ({"lines": [{"number": 1, "net": "100.00"}]}, ("lines[0].tax_code", "required.column", "block")),
        ({"lines": [{"net": "100.00", "tax_code": "S"}]}, ("lines[0].number", "required.column", "block")),
        ({"kind": "receipt"}, ("kind", "choice.unknown", "block")),
        ({"gross": "121.00"}, ("gross", "amounts.gross", "block")),
        ({"lines": [{"number": 1, "net": "90.00", "tax_code": "S"}]}, ("net", "amounts.lines", "warn")),
        ({"balance": "130.00"}, ("balance", "amounts.balance", "warn")),
        (
            {"net": "-100.00", "tax": "-20.00", "gross": "-120.00", "lines": []},
            ("gross", "amounts.negative", "warn"),
        ),
        ({"net": "-100.00", "tax": "220.00", "lines": []}, ("gross", "amounts.sign", "downgrade")),
        (
            {"lines": [{"number": 1, "net": "100.00", "currency": "EUR", "tax_code": "S"}]},
            ("lines[0].currency", "currency.mixed", "downgrade"),
        ),
        ({"cap": "-1.00"}, ("cap", "number.out_of_bounds", "block")),
        ({"start": "2027-01-01"}, ("end", "period.reversed", "block")),
        (
            {"bill_rates": [{**RATE, "valid_to": "2025-01-01"}]},
            ("bill_rates[0].valid_to", "period.reversed", "block"),
        ),
        ({"due_on": "2026-01-01"}, ("due_on", "dates.before_issue", "warn")),
        ({"paid_on": "2026-01-01"}, ("paid_on", "dates.before_issue", "warn")),
        (
            {"bill_rates": [{**RATE, "valid_from": "2026-06-01", "valid_to": None}, RATE]},
            ("bill_rates[0].valid_from", "period.overlap", "warn"),
        ),
        ({"tax_ids": []}, ("title", "identity.weak", "warn")),
        ({"phone": None}, ("contacts", "contact.missing", "warn")),
    ],
)
def test_each_rule_finds_its_fault(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert expected in findings(**changes)
    assert len(findings(**changes)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"gross": "120.01"},
        {"status": "draft", "number": None, "addresses": []},
        {
            "kind": "credit_note",
            "net": "-100.00",
            "tax": "-20.00",
            "gross": "-120.00",
            "balance": "0.00",
            "lines": [],
        },
        {
            "lines": [
                {"number": 1, "net": "60.00", "tax_code": "S"},
                {"number": 2, "net": "40.00", "tax_code": "S"},
            ]
        },
        {"end": "2026-01-01"},
        {"bill_rates": [RATE, {**RATE, "valid_from": "2026-07-01", "valid_to": None}]},
        {"bill_rates": [RATE, {**RATE, "unit": "day"}]},
        {"bill_rates": [{**RATE, "valid_to": None}, {**RATE, "valid_from": "2026-03-01"}]},
        {"phone": None, "contacts": [{"email": "ann@acme.com"}]},
        {"net": None, "lines": []},
    ],
)
def test_what_is_allowed_is_not_found(changes: dict[str, Any]) -> None:
    assert findings(**changes) == []


def test_a_paid_record_with_a_balance_is_flagged() -> None:
    spec = EntitySpec(
        name="bill",
        model="toys.Bill",
        label="bill",
        plural="bills",
        code_prefix="BIL",
        title_attribute="status",
        lifecycle=Lifecycle(states=("open", "paid"), initial="open", active=frozenset()),
        match=MatchSpec(strategy="id"),
        attributes=(Attribute("gross"), Attribute("balance"), Attribute("status")),
    )
    result = assess_document(spec=spec, document={"gross": "5.00", "balance": "1.00", "status": "paid"})
    assert [(issue.attribute, issue.code) for issue in result.issues] == [("balance", "amounts.open")]


def test_a_record_does_not_point_at_itself() -> None:
    own = "0199f5a0-0000-7000-8000-000000000001"
    result = assess_document(spec=SPEC, document={**SOUND, "parent": own}, record_id=UUID(own))
    assert [(issue.attribute, issue.code) for issue in result.issues] == [("parent", "reference.itself")]
    assert result.values == {**SOUND, "parent": own}


def test_amounts_without_currency_are_flagged_where_it_was_lost() -> None:
    [result] = standardize_records(spec=SPEC, records=[{**SOUND, "currency": "XYZ"}])
    assert ("currency", "currency.missing") in [(issue.attribute, issue.code) for issue in result.issues]


def test_one_system_need_not_hold_all_a_golden_record_must() -> None:
    [result] = standardize_records(spec=SPEC, records=[{"email": "ann@acme.com", "status": "live"}])
    missing = [issue for issue in result.issues if issue.code.startswith("required.")]
    assert {issue.severity for issue in missing} == {"info"}
    assert {issue.attribute for issue in missing} == {"title", "number", "addresses"}
    assert result.score == 100


def test_optional_rules_run_only_where_the_spec_names_them() -> None:
    assert not rules.get("has_strong_identifier").always
    assert rules.get("amounts_add_up").always


def test_the_shipped_specs_name_what_exists() -> None:
    assert len(entities) >= 5
    assert check_specs(None) == []


def test_a_spec_that_names_nothing_known_is_reported() -> None:
    spec = EntitySpec(
        name="typo",
        model="toys.Typo",
        label="typo",
        plural="typos",
        code_prefix="TYP",
        title_attribute="title",
        lifecycle=Lifecycle(states=("a",), initial="a", active=frozenset()),
        match=MatchSpec(strategy="id"),
        attributes=(Attribute("title", standardizer="organization_name"),),
        collections=(
            Collection(
                "tags", "toys.Tag", columns=(Attribute("tag", standardizer="tagg"),), identity=("tag",)
            ),
        ),
        checks=("no_such_rule",),
    )
    assert [(error.id, error.msg) for error in spec_errors(spec)] == [
        ("quality.E001", "typo.title: no standardizer 'organization_name'."),
        ("quality.E001", "typo.tags.tag: no standardizer 'tagg'."),
        ("quality.E002", "typo: no quality rule 'no_such_rule'."),
    ]
