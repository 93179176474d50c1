"""Word lists: phone patterns are valid numbers of their country, every country is served by a legal entity."""

import phonenumbers
import pytest

from mdm.demo.names import company_name, near_name, slug, to_ascii
from mdm.demo.people import mailbox, make_person, typo
from mdm.demo.places import PhoneBook, make_address, national
from mdm.demo.seeds import SeenFilter, even_draw, spread, stream
from mdm.demo.vocabulary import COUNTRY_CODES, countries, country_draw, entity_serving, firm_words


@pytest.mark.parametrize("code", COUNTRY_CODES)
def test_phone_numbers_are_valid_and_not_given_twice(code: str) -> None:
    country, book = countries()[code], PhoneBook()
    for city in country.cities:
        numbers = [book.next_number(city) for _ in range(60)]
        parsed = [phonenumbers.parse(number) for number in numbers]
        assert all(phonenumbers.is_valid_number_for_region(number, code) for number in parsed), city
        assert len(set(numbers)) == 60
        inside = phonenumbers.parse(national(numbers[0], country), code)
        assert inside == parsed[0]


def test_numbers_reserved_for_fiction_come_first() -> None:
    london = countries()["GB"].cities[0]
    book = PhoneBook()
    given = [book.next_number(london) for _ in range(1001)]
    assert all(number.startswith("+44 20 7946 0") for number in given[:1000])
    assert not given[1000].startswith("+44 20 7946 0")


def test_every_country_has_a_selling_entity_in_a_known_currency() -> None:
    assert [entity_serving(code).code for code in COUNTRY_CODES] == [
        "UK01", "DE01", "US01", "FR01", "NL01", "ES01", "ES01", "SE01", "PL01", "DE01",
    ]  # fmt: skip
    assert len({entity.netsuite_id for entity in firm_words().legal_entities}) == 8
    assert len(country_draw()) == sum(country.weight for country in countries().values()) == 102


def test_names_are_in_the_countrys_order_with_its_legal_form() -> None:
    for country in countries().values():
        name = company_name(stream(7, "test"), country)
        assert name.legal.endswith(name.form[0])
        assert name.stem.startswith(name.sector if country.sector_first else name.brand)
        other = near_name(stream(8, "test"), country, name)
        assert other.stem != name.stem


def test_transliteration_and_slugs() -> None:
    assert to_ascii("Größmann & Łódź") == "Grossmann & Lodz"
    assert to_ascii("Größmann", german=True) == "Groessmann"
    assert slug("Müller & Söhne, S.à r.l.") == "muellersoehnesarl"
    assert slug("Müller & Söhne", "-") == "mueller-soehne"


def test_a_typo_always_changes_the_text() -> None:
    for number in range(300):
        rng = stream(number, "typo")
        assert typo(rng, "Hartwell Engineering") != "Hartwell Engineering"
        assert typo(rng, "AA") != "AA"


def test_people_and_addresses_are_filled_in() -> None:
    for code, country in countries().items():
        rng = stream(1, code)
        person = make_person(rng, country)
        assert mailbox(person, "x.example").isascii()
        address = make_address(rng, country, country.cities[0])
        assert (address.country, address.city) == (code, country.cities[0].name)
        assert not set("#%@{}") & set(address.line1 + address.postcode)


def test_streams_depend_on_all_their_parts() -> None:
    draws = {stream(*parts).random() for parts in [(1, "a", 1), (2, "a", 1), (1, "b", 1), (1, "a", 2)]}
    assert len(draws) == 4
    assert stream(1, "a", 1).random() == stream(1, "a", 1).random()


def test_spread_is_a_bijection_and_even_draw_is_even() -> None:
    assert sorted(spread(serial, 5, 997, seed=3) for serial in range(997)) == list(range(5, 1002))
    share = sum(even_draw(serial, 7, "x") < 0.065 for serial in range(1, 301)) / 300
    assert 0.06 <= share <= 0.07


def test_the_seen_filter_never_forgets() -> None:
    seen = SeenFilter(10)
    assert seen.add("a")
    assert not seen.add("a")
