"""What the engine knows of names, titles and columns: small exact examples of each."""

import numpy as np
import pytest

from apps.matching import engine
from apps.matching.engine.institutions import institution


@pytest.mark.parametrize(
    ("long", "short"),
    [
        ("Dept. of Physics, Univ. of Oxford, Oxford OX1 3PU, UK", "univ of oxford"),
        ("IBM Almaden Research Center, 650 Harry Road, San Jose, USA", "ibm almaden research center"),
        ("Microsoft Research, Redmond, WA", "microsoft research"),
        (
            "Computer Science Division, University of California, Berkeley, CA",
            "university of california berkeley",
        ),
        ("Department of Mathematics University of Chicago, Chicago 60637", "university of chicago"),
    ],
)
def test_the_institution_is_found_in_a_long_name(long, short):
    assert institution(long) == short


@pytest.mark.parametrize(
    "name",
    [
        "Skadden, Arps, Slate, Meagher & Flom",
        "Precious Little One's Learning Center, Inc.",
        "Baker Tilly",
        "ACME, Inc.",
    ],
)
def test_the_commas_of_a_company_name_stay(name):
    assert institution(name) == name


def _similarity(semantic, left, right, rows=()):
    config = engine.default_config({"value": semantic}, "generic")
    prepared = engine.prepare(engine.Table([0, 1], {"value": [left, right]}), config)
    pair = engine.Pairs(np.zeros(1, np.int32), np.ones(1, np.int32), np.zeros(1, np.uint64))
    return engine.score_pairs(prepared, prepared, pair, engine.default_model(config), config), config


def _level(semantic, left, right, attribute="value"):
    scores, config = _similarity(semantic, left, right)
    return int(scores.levels[0, [a.name for a in config.compared].index(attribute)])


def test_model_numbers_agree_however_they_are_written_and_differ_in_a_digit():
    same = _level("free_text", "Sony DVD player DVP-FX820", "Sony dvpfx820 portable", "value.codes")
    colour = _level("free_text", "Sony camera DSCW150N", "Sony DSC-W150 silver", "value.codes")
    other = _level("free_text", "Sony camera DSC-W150", "Sony camera DSC-W170", "value.codes")
    size = _level("free_text", "Disk 120GB", "Disk 500GB", "value.codes")
    assert (same, size) == (9, 0)
    assert 5 <= colour < 9
    assert other == 1


def test_lists_of_people_agree_with_initials_in_any_order():
    assert _level("people", "Diane L. Davison, Goetz Graefe", "G. Graefe, D. L. Davison") >= 5
    assert _level("people", "Diane L. Davison, Goetz Graefe", "Alice Smith, Bob Jones") == 1


def test_columns_are_recognised_in_other_languages_and_by_their_values():
    columns = {
        "Kunde": ["Alder Foods GmbH", "Birke Bau AG"],
        "Anschrift": ["Hauptstr. 1", "Ringweg 5"],
        "Ort": ["Bonn", "Köln"],
        "PLZ": ["53111", "50667"],
        "USt-ID": ["DE123456789", "DE987654321"],
        "Webseite": ["alder.de", "birke.de"],
        "x1": ["a@b.de", "c@d.de"],
        "x2": ["Hauptstraße 1", "Ringstraße 5"],
    }
    assert engine.infer_types(columns, "organisation") == {
        "Kunde": "organisation_name",
        "Anschrift": "street",
        "Ort": "city",
        "PLZ": "postcode",
        "USt-ID": "tax_id",
        "Webseite": "domain",
        "x1": "email",
        "x2": "street",
    }


def test_a_column_whose_values_do_not_fit_its_name_is_judged_by_them():
    assert engine.infer_types({"email": ["12/01/2020", "13/02/2021"]}, "person")["email"] == "date"


def test_customers_with_given_names_are_people():
    assert engine.infer_kind({"Vorname": ["Ada"], "Nachname": ["L"]}, "customer") == "person"
    assert engine.infer_kind({"Kunde": ["Ada GmbH"]}, "customer") == "organisation"


def test_people_are_found_with_their_names_exchanged():
    config = engine.default_config(
        {"first_name": "given_name", "last_name": "family_name", "dob": "date"}, "person"
    )
    table = engine.Table(
        [0, 1],
        {
            "first_name": ["Logan", "Morgan"],
            "last_name": ["Morgan", "Logan"],
            "dob": ["1977-01-29", "1986-12-30"],
        },
    )
    found = engine.candidate_pairs(engine.blocking_keys(engine.prepare(table, config), config), cap=20)
    assert len(found) == 1
    alone = engine.Table([0], {c: v[:1] for c, v in table.columns.items()})
    few = engine.blocking_keys(engine.prepare(alone, config), config)
    many = engine.Table(list(range(9)), {c: (v * 5)[:9] for c, v in table.columns.items()})
    keys = engine.blocking_keys(engine.prepare(many, config), config)
    assert set(few.key.tolist()) == set(keys.key[keys.row == 0].tolist())
