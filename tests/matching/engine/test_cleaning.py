"""Cleaning: legal forms, abbreviations, scripts, phones, domains, dates; comparators and their registry."""

import numpy as np
import pytest

from apps.matching import engine
from apps.matching.engine.cleaning import CLEANERS, Raw, cleaner
from apps.matching.engine.columns import build
from apps.matching.engine.comparators import Rarity
from apps.matching.engine.rarity import Frequencies


def clean(semantic: str, *values: str) -> list[str]:
    return CLEANERS[semantic](Raw(list(values)))


@pytest.mark.parametrize(
    ("written", "name", "form"),
    [
        ("The Penhale Logistics Ltd.", "penhale logistics", "ltd"),
        ("Müller Maschinenbau GmbH & Co. KG", "muller maschinenbau", "gmbhcokg"),
        ("Mueller Maschinenbau", "muller maschinenbau", ""),
        ("Boulangerie Dupont S.A.R.L.", "boulangerie dupont", "sarl"),
        ("Kowalski Meble Sp. z o.o.", "kowalski meble", "spzoo"),
        ("Acme Intl Corp", "acme international", "corp"),
        ("Öztürk Bau UG (haftungsbeschränkt)", "ozturk bau", "ug"),
        ("Москва Банк", "moskva bank", ""),
        ("Limited", "limited", ""),
    ],
)
def test_organisation_name_and_legal_form(written, name, form):
    assert clean("organisation_name", written) == [name]
    assert clean("legal_form", written) == [form]


def test_phone_forms_of_one_number_are_equal():
    forms = clean("phone", "+44 (0)20 7123 4567", "020 7123 4567", "0044 20 7123 4567", "ask")
    assert len(set(forms[:3])) == 1
    assert forms[3] == ""


def test_tax_ids_lose_country_and_blanks():
    assert clean("tax_id", "GB123 456 789", "123456789", "NL123456789B01", "n/a") == ["123456789"] * 3 + [""]


def test_domains_of_mail_providers_say_nothing():
    cleaned = clean(
        "domain", "https://www.acme.co.uk/en", "joe@shop.acme.co.uk", "acme@gmail.com", "localhost"
    )
    assert cleaned == ["acme.co.uk", "acme.co.uk", "", ""]


def test_dates_come_to_one_form():
    assert clean("date", "1971-06-24", "24/06/1971", "6/24/1971", "19710624") == ["19710624"] * 4


def test_person_name_is_turned_and_freed_of_titles():
    assert clean("person_name", "Mackay, D. Scott", "Dr. John Smith") == ["d scott mackay", "john smith"]


def test_exonyms_and_streets():
    assert clean("city", "München", "Munich", "s-Gravenhage") == ["munich", "munich", "hague"]
    assert clean("street", "Hauptstraße 5", "Hauptstr. 5") == ["haupt st 5", "haupt st 5"]
    assert clean("house_number", "Suite 20, 162 Mill Lane") == ["162"]


def test_cleaning_one_value_does_not_depend_on_the_others():
    values = ["O`Neil & Söhne AG", "plain name ltd", "Łódź", "U.S. Bank\nline"]
    for semantic in ("organisation_name", "street", "city", "person_name", "free_text"):
        assert clean(semantic, *values) == [clean(semantic, v)[0] for v in values]


def similarity(name: str, a: str, b: str) -> float:
    column = build(2, [a, b], np.array([0, 1], np.int32), np.array([0, 1], np.int32))
    nothing = Frequencies(np.zeros(0, np.uint64), np.zeros(0, np.float32), 0.01)
    one, two = np.array([0]), np.array([1])
    couples = engine.Couples(column, column, one, two, Rarity(nothing, nothing))
    back = engine.Couples(column, column, two, one, Rarity(nothing, nothing))
    there = float(engine.COMPARATORS[name](couples)[0])
    assert there == float(engine.COMPARATORS[name](back)[0])
    return there


@pytest.mark.parametrize(
    ("comparator", "a", "b", "least", "most"),
    [
        ("given_name", "robert", "bob", 0.94, 0.99),
        ("given_name", "r", "robert", 0.88, 0.88),
        ("given_name", "robert", "alice", 0.0, 0.6),
        ("person_name", "john smith", "smith john", 0.98, 1.0),
        ("person_name", "john smith", "j smith", 0.87, 0.97),
        ("organisation_name", "thornton foods", "tf", 0.88, 0.88),
        ("organisation_name", "pen hale", "penhale", 0.98, 1.0),
        ("organisation_name", "acme foods", "acme foods europe", 0.0, 0.84),
        ("organisation_name", "lodge 45", "lodge 46", 0.0, 0.79),
        ("code", "123456789", "123456798", 0.97, 0.97),
        ("code", "12", "14", 0.0, 0.0),
        ("phone", "207123456", "7123456", 0.98, 0.98),
        ("date", "19710624", "19712406", 0.0, 0.96),
        ("date", "19710605", "19710506", 0.96, 0.97),
        ("email", "joe.bloggs@acme.com", "joe.bloggs@acme.co", 0.98, 0.98),
        ("domain", "acme.com", "acme.co.uk", 0.96, 0.96),
        ("house_number", "12", "12a", 0.93, 0.93),
        ("house_number", "12", "14", 0.0, 0.0),
        ("number", "100.0", "90.0", 0.89, 0.91),
    ],
)
def test_comparators(comparator, a, b, least, most):
    assert least - 1e-6 <= similarity(comparator, a, b) <= most + 1e-6


def test_a_second_comparator_of_one_name_is_refused():
    with pytest.raises(ValueError, match="'code' is registered already"):
        engine.comparator("code")(lambda couples: np.zeros(0, np.float32))


def test_a_second_cleaner_of_one_type_is_refused():
    with pytest.raises(ValueError, match="'phone' has a cleaner already"):
        cleaner("phone")(lambda raw: [])
