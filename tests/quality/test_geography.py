"""Countries, currencies and addresses in the form of their country."""

from typing import Any

import pytest

from apps.quality.contracts import Near
from apps.quality.registry import standardizers
from apps.quality.selectors import country_name
from tests.quality.outcomes import codes, standard


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("GB", "GB"), ("gb", "GB"), ("GBR", "GB"), ("826", "GB"), ("UK", "GB"), ("U.K.", "GB"), ("England", "GB"),
        ("SCOTLAND", "GB"), ("Northern Ireland", "GB"), ("United Kingdom of Great Britain and Northern Ireland", "GB"),
        ("USA", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("Deutschland", "DE"),
        ("Allemagne", "DE"), ("Germany", "DE"), ("España", "ES"), ("Espana", "ES"), ("The Netherlands", "NL"),
        ("Holland", "NL"), ("Schweiz", "CH"), ("Czech Republic", "CZ"), ("Korea, Republic of", "KR"),
        ("South Korea", "KR"), ("Côte d'Ivoire", "CI"), ("Türkiye", "TR"), ("Turkey", "TR"), ("EL", "GR"),
        ("NA", "NA"), ("Namibia", "NA"), ("Eire", "IE"), ("Georgia", "GE"), ("XK", None), ("Atlantis", None),
        ("N/A", None), ("", None), ("-", None), ("Other", None),
    ],
)  # fmt: skip
def test_countries(raw: str, expected: str | None) -> None:
    assert standard("country", raw) == expected


def test_names_of_countries() -> None:
    assert country_name("TW") == "Taiwan"
    assert country_name("GB") == "United Kingdom"
    assert country_name("ZZ") == "ZZ"


@pytest.mark.parametrize(
    ("raw", "country", "expected", "found"),
    [
        ("GBP", None, "GBP", []),
        ("gbp", None, "GBP", []),
        ("£", None, "GBP", []),
        ("Pound Sterling", None, "GBP", []),
        ("euro", None, "EUR", []),
        ("€", None, "EUR", []),
        ("US$", None, "USD", []),
        ("US Dollar", None, "USD", []),
        ("Swiss Franc", None, "CHF", []),
        ("$", None, "USD", ["currency.ambiguous"]),
        ("$", "CA", "CAD", []),
        ("$", "US", "USD", []),
        ("kr", "SE", "SEK", []),
        ("kr", None, None, ["currency.ambiguous"]),
        ("¥", "CN", "CNY", []),
        ("DEM", None, None, ["currency.historic"]),
        ("XAU", None, None, ["currency.unknown"]),
        ("XYZ", None, None, ["currency.unknown"]),
        ("n/a", None, None, ["value.placeholder"]),
    ],
)
def test_currencies(raw: str, country: str | None, expected: str | None, found: list[str]) -> None:
    assert standard("currency", raw, country=country) == expected
    assert codes("currency", raw, country=country) == found


def address(**columns: Any) -> tuple[Any, list[tuple[str, str]]]:
    result = standardizers.get("address")(columns, Near())
    return result.value, [(issue.attribute, issue.code) for issue in result.issues]


@pytest.mark.parametrize(
    ("columns", "expected", "found"),
    [
        (
            {"kind": "bill_to", "line1": "10 HIGH ST,", "city": "LONDON", "postcode": "sw1a1aa", "country": "England"},
            {"kind": "bill_to", "line1": "10 High St", "city": "London", "postcode": "SW1A 1AA", "country": "GB"},
            [],
        ),
        (
            {"line1": "1 Main", "city": "boston", "region": "massachusetts", "postcode": "2139", "country": "USA"},
            {"line1": "1 Main", "city": "Boston", "region": "MA", "postcode": "02139", "country": "US"},
            [("postcode", "postcode.padded")],
        ),
        (
            {"line1": "1 Main", "city": "Boston", "region": "MA", "postcode": "94105", "country": "US"},
            {"line1": "1 Main", "city": "Boston", "region": "MA", "postcode": "94105", "country": "US"},
            [("postcode", "postcode.other_region")],
        ),
        (
            {"line1": "Str. 1", "city": "berlin", "postcode": "D-10115", "country": "Germany"},
            {"line1": "Str. 1", "city": "Berlin", "postcode": "10115", "country": "DE"},
            [],
        ),
        (
            {"line1": "Dam 1", "city": "AMSTERDAM", "postcode": "1012js", "country": "Holland"},
            {"line1": "Dam 1", "city": "Amsterdam", "postcode": "1012 JS", "country": "NL"},
            [],
        ),
        (
            {"line1": "1 Bay St", "city": "Toronto", "region": "Ontario", "postcode": "m5h2n2", "country": "Canada"},
            {"line1": "1 Bay St", "city": "Toronto", "region": "ON", "postcode": "M5H 2N2", "country": "CA"},
            [],
        ),
        (
            {"line1": "Drottninggatan 1", "city": "Stockholm", "postcode": "11151", "country": "SE"},
            {"line1": "Drottninggatan 1", "city": "Stockholm", "postcode": "111 51", "country": "SE"},
            [],
        ),
        (
            {"line1": "Prosta 1", "city": "Warszawa", "postcode": "00838", "country": "Polska"},
            {"line1": "Prosta 1", "city": "Warszawa", "postcode": "00-838", "country": "PL"},
            [],
        ),
        (
            {"line1": "1 Quay", "city": "Dublin", "postcode": "d02af30", "country": "Ireland"},
            {"line1": "1 Quay", "city": "Dublin", "postcode": "D02 AF30", "country": "IE"},
            [],
        ),
        (
            {"line1": "Av. Paulista 1", "city": "São Paulo", "region": "SP", "postcode": "01310100", "country": "BR"},
            {"line1": "Av. Paulista 1", "city": "São Paulo", "region": "SP", "postcode": "01310-100", "country": "BR"},
            [],
        ),
        (
            {"line1": "1 High St", "city": "Leeds", "postcode": "LS1 1UR"},
            {"line1": "1 High St", "city": "Leeds", "postcode": "LS1 1UR", "country": "GB"},
            [("country", "address.country_inferred")],
        ),
        (
            {"line1": "1 High St", "city": "Leeds", "postcode": "LS1 PHN", "country": "GB"},
            {"line1": "1 High St", "city": "Leeds", "postcode": None, "country": "GB"},
            [("postcode", "postcode.invalid"), ("postcode", "address.incomplete")],
        ),
        (
            {"line1": "Civic Centre", "city": "STOKE-ON-TRENT", "region": "Scotland", "postcode": "ST4 1HH"},
            {
                "line1": "Civic Centre", "city": "Stoke-on-Trent", "region": "Scotland", "postcode": "ST4 1HH",
                "country": "GB",
            },
            [],
        ),
        (
            {"line1": "Town Hall\r\nSquare, , ,", "city": "Bath", "postcode": "BA1 5AW", "country": "Atlantis"},
            {"line1": "Town Hall, Square", "city": "Bath", "postcode": "BA1 5AW", "country": "GB"},
            [("country", "country.unknown"), ("country", "address.country_inferred")],
        ),
    ],
)  # fmt: skip
def test_addresses(columns: dict[str, Any], expected: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert address(**columns) == (expected, found)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("21 St Agnes Road, Birmingham B13 9PH", ("21 St Agnes Road", "Birmingham", None, "B13 9PH")),
        ("Station Road, Sidmouth, EX10 8NN, UK", ("Station Road", "Sidmouth", None, "EX10 8NN")),
        (
            "1 Lismore Drive, Birmingham, West Midlands, United Kingdom, B17 0TP",
            ("1 Lismore Drive", "Birmingham", "West Midlands", "B17 0TP"),
        ),
        ("EX32 8QA", (None, None, None, "EX32 8QA")),
        ("1 High Street, London", ("1 High Street, London", None, None, None)),
        ("Suite A1 2BC Tower", ("Suite A1 2BC Tower", None, None, None)),
    ],
)
def test_british_addresses_in_one_line_are_taken_apart(line: str, expected: tuple[str | None, ...]) -> None:
    value, _ = address(line1=line)
    assert tuple(value.get(name) for name in ("line1", "city", "region", "postcode")) == expected


def test_an_address_of_nothing_is_none() -> None:
    assert address(kind="bill_to", line1="", city="n/a", country="GB") == (None, [])
    assert address() == (None, [])


def test_an_address_takes_the_country_of_its_record() -> None:
    result = standardizers.get("address")(
        {"line1": "Str. 1", "city": "Köln", "postcode": "50667"}, Near(country="DE")
    )
    assert result.value["country"] == "DE"


def test_columns_that_are_no_text_do_no_harm() -> None:
    value, _ = address(line1=12, city=["Leeds"], postcode=94105, country="US", region=None)
    assert value == {"line1": "12", "city": None, "postcode": "94105", "country": "US", "region": None}
