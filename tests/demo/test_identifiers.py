"""Identifiers carry valid check digits by an independent library and are never given twice."""

import pytest
from stdnum import lei as lei_check
from stdnum.us import ein
from stdnum.util import get_cc_module

from mdm.demo.identifiers import TAX_ID, break_check_digit, lei, registration_no, salesforce_id, tax_id

COUNTRIES = sorted(TAX_ID)


def _valid(country: str, number: str) -> bool:
    module = ein if country == "US" else get_cc_module(country.lower(), "vat")
    return bool(module.is_valid(number))


@pytest.mark.parametrize("country", COUNTRIES)
def test_tax_ids_are_valid_and_distinct(country: str) -> None:
    numbers = [tax_id(country, serial, seed=7) for serial in range(2000)]
    assert [number for number in numbers if not _valid(country, number)] == []
    assert len(set(numbers)) == 2000


@pytest.mark.parametrize("country", sorted(set(COUNTRIES) - {"US", "NL"}))
def test_a_broken_tax_id_is_invalid(country: str) -> None:
    broken = [break_check_digit(tax_id(country, serial, seed=7)) for serial in range(500)]
    assert [number for number in broken if _valid(country, number)] == []


def test_tax_ids_stay_distinct_far_out() -> None:
    for country in COUNTRIES:
        far = [tax_id(country, serial, seed=3) for serial in (*range(500), *range(999_500, 1_000_000))]
        assert len(set(far)) == 1000, country


def test_leis_are_valid_and_distinct() -> None:
    numbers = [lei(serial, seed=7) for serial in range(2000)]
    assert all(lei_check.is_valid(number) for number in numbers)
    assert len(set(numbers)) == 2000


def test_registration_numbers_have_their_registers_shape() -> None:
    tax = {country: tax_id(country, 11, seed=7) for country in COUNTRIES}
    assert registration_no("FR", 11, tax["FR"], seed=7) == tax["FR"][4:]
    assert registration_no("SE", 11, tax["SE"], seed=7).replace("-", "") == tax["SE"][2:12]
    assert registration_no("GB", 11, tax["GB"], seed=7).isdigit()
    assert len(registration_no("GB", 11, tax["GB"], seed=7)) == 8


def test_salesforce_ids_carry_their_case_checksum() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for serial in (0, 1, 61, 62, 3843, 3844, 999_999, 62**5 - 2):
        made = salesforce_id("001", serial)
        assert len(made) == 18
        sums = [
            sum(1 << place for place, char in enumerate(made[start : start + 5]) if char.isupper())
            for start in (0, 5, 10)
        ]
        assert made[15:] == "".join(alphabet[value] for value in sums)
    assert len({salesforce_id("001", serial) for serial in range(50_000)}) == 50_000
    assert salesforce_id("001", 5, org="Px") != salesforce_id("001", 5)
