"""Tax ids, register numbers, codes, identifiers and references: check digits count, fillers do not."""

from typing import Any

import pytest

from apps.quality.contracts import Near
from apps.quality.registry import standardizers
from tests.quality.outcomes import codes, standard


def tax_id(near: str | None = None, **columns: Any) -> tuple[Any, list[str]]:
    result = standardizers.get("tax_id")(columns, Near(country=near))
    value = result.value and tuple(result.value[name] for name in ("scheme", "country", "value"))
    return value, [issue.code for issue in result.issues]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"scheme": "vat", "country": "DE", "value": "136 695 976"}, ("vat", "DE", "DE136695976")),
        ({"value": "GB 980 7806 84"}, ("vat", "GB", "GB980780684")),
        ({"scheme": "VAT Number", "country": "UK", "value": "980780684"}, ("vat", "GB", "GB980780684")),
        ({"country": "UK", "value": "980780684"}, ("vat", "GB", "GB980780684")),
        ({"scheme": "vat", "country": "GB", "value": "XI 980780684"}, ("vat", "GB", "XI980780684")),
        ({"country": "GR", "scheme": "vat", "value": "094259216"}, ("vat", "GR", "EL094259216")),
        ({"value": "EL094259216"}, ("vat", "GR", "EL094259216")),
        ({"country": "FR", "value": "FR 40 303 265 045"}, ("vat", "FR", "FR40303265045")),
        ({"value": "IE 6433435F"}, ("vat", "IE", "IE6433435F")),
        ({"scheme": "NIF", "country": "ES", "value": "B-58378431"}, ("vat", "ES", "ESB58378431")),
        ({"scheme": "BTW", "country": "NL", "value": "NL4495445B01"}, ("vat", "NL", "NL004495445B01")),
        ({"scheme": "EIN", "country": "USA", "value": "91-1144442"}, ("ein", "US", "911144442")),
        ({"country": "US", "value": "91-1144442"}, ("ein", "US", "911144442")),
        ({"scheme": "GB-COH", "value": "2723534"}, ("coh", "GB", "02723534")),
        ({"scheme": "coh", "country": "GB", "value": "sc 268016"}, ("coh", "GB", "SC268016")),
        ({"country": "GB", "value": "OC325346"}, ("coh", "GB", "OC325346")),
        ({"country": "AU", "value": "83 914 571 673"}, ("abn", "AU", "83914571673")),
        ({"country": "CH", "value": "CHE-100.155.212 MWST"}, ("vat", "CH", "CHE100155212MWST")),
        ({"country": "CH", "value": "CHE-100.155.212"}, ("uid", "CH", "CHE100155212")),
        ({"scheme": "gstin", "country": "IN", "value": "27AAPFU0939F1ZV"}, ("gst", "IN", "27AAPFU0939F1ZV")),
        ({"scheme": "GB-CHC", "value": "1093861"}, ("chc", "GB", "1093861")),
    ],
)
def test_tax_ids(columns: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert tax_id(**columns)[0] == expected


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"value": "DE136695977"}, ["tax_id.invalid"]),
        ({"scheme": "vat", "country": "GB", "value": "980780685"}, ["tax_id.invalid"]),
        ({"scheme": "ein", "country": "US", "value": "07-1144442"}, ["tax_id.invalid"]),
        ({"scheme": "GB-COH", "value": "458577871"}, ["tax_id.invalid"]),
        ({"scheme": "vat", "country": "DE", "value": "136695976X"}, ["tax_id.invalid"]),
        ({"value": "null"}, ["value.placeholder"]),
        ({"value": "N/A"}, ["value.placeholder"]),
        ({"value": "-"}, ["value.placeholder"]),
        ({"value": "000000"}, ["value.placeholder"]),
        ({"country": "US", "value": "12-3456789"}, ["value.placeholder"]),
        ({"value": "999999999"}, ["value.placeholder"]),
        ({"scheme": "foo", "value": "AB" * 21}, ["tax_id.invalid"]),
        ({"value": "x" * 300}, ["tax_id.format"]),
        ({"value": "номер"}, ["tax_id.invalid"]),
        ({}, []),
    ],
)
def test_numbers_that_cannot_be_tax_ids_are_dropped(columns: dict[str, Any], found: list[str]) -> None:
    assert tax_id(**columns) == (None, found)


def test_the_country_of_the_record_tells_the_scheme() -> None:
    assert tax_id("US", value="91-1144442")[0] == ("ein", "US", "911144442")
    assert tax_id("AU", value="83914571673")[0] == ("abn", "AU", "83914571673")
    assert tax_id(value="83914571673") == (("other", None, "83914571673"), ["tax_id.unchecked"])


@pytest.mark.parametrize(
    ("name", "raw", "expected", "found"),
    [
        ("lei", "213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D15", []),
        ("lei", "2138 00ku d8la jwsq 9d15", "213800KUD8LAJWSQ9D15", []),
        ("lei", "213800KUD8LAJWSQ9D16", None, ["lei.check_digits"]),
        ("lei", "213800KUD8", None, ["lei.format"]),
        ("lei", "n/a", None, ["value.placeholder"]),
        ("duns", "15-048-3782", "150483782", []),
        ("duns", "DUNS: 150483782", "150483782", []),
        ("duns", 150483782, "150483782", []),
        ("duns", "1504837", "001504837", ["duns.padded"]),
        ("duns", "1504837821", None, ["duns.format"]),
        ("duns", "15048378A", None, ["duns.format"]),
        ("duns", "000000000", None, ["value.placeholder"]),
        ("duns", "123456789", None, ["value.placeholder"]),
        ("identifier", "001A000001abc", "001A000001abc", []),
        ("identifier", " 0012 ", "0012", []),
        ("identifier", 12.0, "12", []),
        ("identifier", "12345.0", "12345", []),
        ("identifier", "1.23E+11", None, ["identifier.scientific"]),
        ("identifier", "000000", None, ["value.placeholder"]),
        ("identifier", "null", None, ["value.placeholder"]),
        ("identifier", "123456", "123456", ["identifier.suspicious"]),
        ("identifier", "NA", "NA", []),
        ("code", " uk01 ", "UK01", []),
        ("code", "na", "NA", []),
        ("code", "straße", "STRASSE", []),
        ("code", "ß\u0345", "SSΙ", []),
        ("code", "n/a", None, ["value.placeholder"]),
        ("text", "  two   words ", "two words", []),
        ("text", "=SUM(A1)", "=SUM(A1)", ["text.formula"]),
        ("text", "R&D", "R&D", []),
        ("text", "NA", None, ["value.placeholder"]),
        ("text", {"a": 1}, None, ["value.wrong_type"]),
        ("text", "x" * 20_001, None, ["value.too_long"]),
    ],
)
def test_numbers_codes_and_texts(name: str, raw: Any, expected: str | None, found: list[str]) -> None:
    assert standard(name, raw) == expected
    assert codes(name, raw) == found


@pytest.mark.parametrize(
    ("raw", "country", "expected", "found"),
    [
        ("2723534", "GB", "02723534", []),
        ("sc 268016", "GB", "SC268016", []),
        ("HRB 12345", "GB", "HRB 12345", ["registration_no.format"]),
        ("hrb 12345", "DE", "HRB 12345", []),
        ("0000000", "DE", None, ["value.placeholder"]),
    ],
)
def test_registration_numbers(raw: str, country: str, expected: str | None, found: list[str]) -> None:
    assert standard("registration_no", raw, country=country) == expected
    assert codes("registration_no", raw, country=country) == found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("001A", "001A"),
        (17, "17"),
        ({"system": "erp", "key": "17"}, {"system": "erp", "key": "17"}),
        ({"key": " 17 "}, "17"),
        ({"system": "erp", "key": None}, None),
        ({"id": "17"}, None),
        ("null", None),
        ([], None),
    ],
)
def test_references(raw: Any, expected: Any) -> None:
    assert standard("reference", raw) == expected
