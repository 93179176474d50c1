"""Input as it comes: words for nothing, copied columns, hardly any records, everything the same."""

import pytest

from apps.matching import engine
from apps.matching.engine.vocabulary import says_nothing

from .cases import TYPES

NAMES = [f"{a} {b} Ltd" for a in ("Alder", "Birch", "Cedar", "Dover") for b in ("Foods", "Motors", "Optics")]


@pytest.mark.parametrize(
    "value", ["N/A", "n/a", " - ", "UNKNOWN", "Unknown", "NULL", "none", "n.a.", "?", "Keine Angabe"]
)
def test_words_for_nothing_are_missing(value):
    assert says_nothing(value)


@pytest.mark.parametrize("value", ["Null", "None", "Na", "Nil", "Unknown Pleasures Ltd", "0", "no"])
def test_names_that_look_like_nothing_are_names(value):
    assert not says_nothing(value)


def test_words_for_nothing_do_not_agree():
    table = engine.Table([1, 2], {"name": ["N/A", "n/a"], "phone": ["unknown", "0113 4960000"]})
    prepared = engine.prepare(
        table, engine.default_config({"name": "organisation_name", "phone": "phone"}, "organisation")
    )
    assert prepared.values("name", 0) == prepared.values("name", 1) == prepared.values("phone", 0) == ()
    assert prepared.values("phone", 1) == ("134960000",)


def test_a_copied_column_is_no_evidence_of_its_own():
    cities = ["Leeds", "York", "Derby"] * 4
    columns = {"name": NAMES, "city": cities, "town": cities, "name 2": [*NAMES[:-1], None]}
    assert engine.copied_columns(columns) == {"town", "name 2"}
    assert list(engine.infer_types(columns, "organisation")) == ["name", "city"]
    assert engine.copied_columns({"name": NAMES, "short": [n[:5] for n in NAMES]}) == set()


def test_several_names_of_an_organisation_are_one_group():
    types = {"legal_name": "organisation_name", "brand": "organisation_name", "city": "city"}
    config = engine.default_config(types, "organisation")
    assert [a.name for a in config.compared if a.group == "name"] == ["legal_name", "brand"]
    assert not config.attribute("legal_name.form").group
    assert engine.default_config({"name": "organisation_name"}, "organisation").attribute("name").group == ""


@pytest.mark.parametrize("records", [0, 1, 2, 60])
def test_any_number_of_equal_records_can_be_matched(records):
    columns = {c: [NAMES[0] if c == "name" else "1234567"] * records for c in TYPES}
    found = engine.match_table(
        engine.Table(range(records), columns), engine.default_config(TYPES, "organisation")
    )
    assert len(found.labels) == records


def test_empty_columns_can_be_matched():
    columns = {c: [None] * 20 for c in TYPES}
    found = engine.match_table(engine.Table(range(20), columns), engine.default_config(TYPES, "organisation"))
    assert found.labels.tolist() == list(range(20))
