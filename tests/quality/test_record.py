"""Whole records: context between attributes, items, what is impossible, scores; one bad value harms no other."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.quality.contracts import Near, StandardizedRecord
from apps.quality.services import standardize_records
from tests.quality.strategies import anything, texts
from tests.quality.toy import SOUND, SPEC


def standardized(record: dict[str, Any], **more: Any) -> StandardizedRecord:
    [result] = standardize_records(spec=SPEC, records=[record], **more)
    return result


def found(result: StandardizedRecord) -> list[tuple[str, str]]:
    """Return what was found on the values themselves, not what the record lacks."""
    return [
        (i.attribute, i.code) for i in result.issues if i.severity != "info" and i.code != "identity.weak"
    ]


def test_every_kind_of_value_is_standardized() -> None:
    result = standardized(
        {
            "title": "ACME WIDGETS LTD",
            "number": " c1 ",
            "parent": {"system": "erp", "key": " 7 "},
            "kind": "Credit Note",
            "currency": "£",
            "net": "(1,000.00)",
            "size": "1,200",
            "billable": "yes",
            "start": "31/01/2026",
            "seen_at": "2026-01-31T13:00:00+01:00",
            "status": "LIVE",
        }
    )
    assert result.values == {
        "title": "Acme Widgets Ltd",
        "number": "C1",
        "parent": {"system": "erp", "key": "7"},
        "kind": "credit_note",
        "currency": "GBP",
        "net": "-1000.00",
        "size": 1200,
        "billable": True,
        "start": "2026-01-31",
        "seen_at": "2026-01-31T12:00:00Z",
        "status": "live",
    }


def test_absent_stays_absent_and_null_stays_null() -> None:
    assert standardized({"number": None, "title": "", "tax_ids": None}).values == {
        "number": None,
        "title": None,
        "tax_ids": [],
    }


def test_a_bad_value_is_dropped_and_the_rest_goes_on() -> None:
    result = standardized({"title": "Acme", "net": "NaN", "start": "2026-02-30", "gross": "5"})
    assert result.values == {"title": "Acme", "net": None, "start": None, "gross": "5.00"}
    assert ("net", "money.not_finite") in found(result)
    assert ("start", "date.impossible") in found(result)


def test_addresses_tell_the_country_of_phones_and_dates() -> None:
    american = [{"kind": "bill_to", "line1": "1 Main", "city": "Boston", "country": "USA"}]
    result = standardized({"phone": "(650) 253-0000", "start": "01/02/2026", "addresses": american})
    assert result.values["phone"] == "+16502530000"
    assert result.values["start"] == "2026-01-02"


def test_a_country_found_by_the_postcode_serves_the_phone() -> None:
    result = standardized(
        {"phone": "020 7946 0958", "addresses": [{"kind": "bill_to", "postcode": "EC1Y 8SY"}]}
    )
    assert result.values["phone"] == "+442079460958"
    assert result.values["addresses"] == [{"kind": "bill_to", "postcode": "EC1Y 8SY", "country": "GB"}]


def test_the_layout_of_the_file_is_context_too() -> None:
    near = Near(country="GB", date_order="mdy", decimal_mark=",")
    values = standardized({"start": "01/02/2026", "net": "1.234", "phone": "020 7946 0958"}, near=near).values
    assert values == {"start": "2026-01-02", "net": "1234.00", "phone": "+442079460958"}


def test_what_is_too_long_is_dropped() -> None:
    result = standardized(
        {"title": "A very long name of a firm", "addresses": [{"kind": "bill_to", "city": "X" * 13}]}
    )
    assert result.values["title"] is None
    assert result.values["addresses"] == [{"kind": "bill_to", "city": None}]
    assert found(result) == [("addresses[0].city", "value.too_long"), ("title", "value.too_long")]


def test_numbers_out_of_bounds_are_dropped() -> None:
    result = standardized(
        {"cap": "-1", "utilization_target": "120", "bill_rates": [{"unit": "day", "amount": "-5"}]}
    )
    assert result.values["cap"] is None
    assert result.values["utilization_target"] is None
    assert result.values["bill_rates"] == [{"unit": "day", "amount": None}]
    assert found(result)[0] == ("bill_rates[0].amount", "number.out_of_bounds")


def test_a_period_that_ends_before_it_begins_has_no_end() -> None:
    rate = {"unit": "day", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
    result = standardized({"start": "2026-02-01", "end": "2026-01-01", "bill_rates": [rate]})
    assert (result.values["start"], result.values["end"]) == ("2026-02-01", None)
    assert result.values["bill_rates"] == [{"unit": "day", "valid_from": "2026-02-01", "valid_to": None}]
    assert found(result) == [("bill_rates[0].valid_to", "period.reversed"), ("end", "period.reversed")]


@pytest.mark.parametrize("target", ["7", {"system": "erp", "key": "7"}])
def test_a_reference_to_itself_is_dropped(target: Any) -> None:
    result = standardized({"parent": target}, keys=[("erp", "7")])
    assert result.values == {"parent": None}
    assert ("parent", "reference.itself") in found(result)


def test_the_same_key_of_another_system_is_another_record() -> None:
    target = {"system": "crm", "key": "7"}
    assert standardized({"parent": target}, keys=[("erp", "7")]).values == {"parent": target}


def test_items_of_one_identity_are_kept_once() -> None:
    rows = [
        {"number": 1, "net": "1"},
        {"number": "1", "net": "1.00"},
        {"number": 1, "net": "2"},
        {"number": 2},
    ]
    result = standardized({"lines": rows})
    assert result.values["lines"] == [{"number": 1, "net": "1.00"}, {"number": 2}]
    assert found(result) == [("lines[2]", "collection.duplicate")]


@pytest.mark.parametrize("rows", ["x", 5, {"number": 1}, True])
def test_a_collection_that_is_no_list_is_refused(rows: Any) -> None:
    result = standardized({"lines": rows})
    assert result.values == {"lines": []}
    assert found(result) == [("lines", "collection.shape")]


def test_items_that_are_nothing_are_left_out() -> None:
    result = standardized(
        {"lines": [None, "x", {}, {"net": "n/a"}, {"number": 3}], "tax_ids": [{"value": "N/A"}]}
    )
    assert result.values == {"lines": [{"number": 3}], "tax_ids": []}
    assert [code for _, code in found(result)] == ["collection.shape", "collection.shape"]


def test_unknown_attributes_are_noted_and_left_out() -> None:
    result = standardized({"title": "Acme", "colour": "red"})
    assert result.values == {"title": "Acme"}
    assert "attribute.unknown" in [issue.code for issue in result.issues]


def test_a_sound_record_is_left_as_it_is() -> None:
    result = standardized(SOUND)
    assert (result.values, result.issues, result.score) == (SOUND, (), 100)


def test_the_score_falls_with_the_severity_of_issues() -> None:
    assert standardized({**SOUND, "net": "NaN"}).score == 90  # downgrade
    assert standardized({**SOUND, "start": "01/02/2026", "addresses": []}).score == 95  # warn
    assert standardized({**SOUND, "gross": "500.00"}).score == 75  # block
    assert standardized(dict.fromkeys(SOUND, "�")).score == 0


def test_records_keep_their_order() -> None:
    records = [{"title": f"Firm {number}"} for number in range(50)]
    results = standardize_records(spec=SPEC, records=records)
    assert [result.values for result in results] == records


names = st.sampled_from([a.name for a in SPEC.attributes] + [c.name for c in SPEC.collections] + ["colour"])
rows = st.lists(
    st.dictionaries(st.sampled_from(("kind", "number", "net", "value", "city")), texts, max_size=4),
    max_size=3,
)


@settings(max_examples=80, deadline=None)
@given(record=st.dictionaries(names, anything | rows, max_size=6))
def test_any_record_is_standardized_once_and_for_all(record: dict[str, Any]) -> None:
    once = standardized(record)
    assert 0 <= once.score <= 100
    assert standardized(once.values).values == once.values
