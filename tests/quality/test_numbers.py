"""Money, decimals, percentages, integers and booleans, in every notation files use."""

from typing import Any

import pytest

from tests.quality.outcomes import codes, standard


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1234.5", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234,56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1'234.50", "1234.50"),
        ("1.000.000", "1000000.00"),
        ("12,34,567.00", "1234567.00"),
        ("1,5", "1.50"),
        ("1,234", "1234.00"),
        ("(1,234.50)", "-1234.50"),
        ("(£3.50)", "-3.50"),
        ("5-", "-5.00"),
        ("-£5", "-5.00"),
        ("£-5", "-5.00"),
        ("\u22125.00", "-5.00"),
        ("GBP 1,200", "1200.00"),
        ("1234 EUR", "1234.00"),
        ("1e3", "1000.00"),
        ("1234.565", "1234.56"),
        ("-0", "0.00"),
        ("-0.00", "0.00"),
        ("٣٤", "34.00"),
        ("１２", "12.00"),
        (1200, "1200.00"),
        (1200.5, "1200.50"),
        (0.1 + 0.2, "0.30"),
        ("99999999999999.99", "99999999999999.99"),
        ("NaN", None),
        (float("nan"), None),
        (float("inf"), None),
        ("-Infinity", None),
        ("1e400", None),
        ("100000000000000", None),
        (10**40, None),
        ("1,2,3", None),
        ("1.2.3", None),
        ("--5", None),
        ("(-5)", None),
        ("abc", None),
        ("5 apples", None),
        (True, None),
        ("", None),
        ("n/a", None),
        (["1"], None),
    ],
)
def test_money(raw: Any, expected: str | None) -> None:
    assert standard("money", raw) == expected


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("10.00", []),
        ("NaN", ["money.not_finite"]),
        ("1e400", ["money.out_of_range"]),
        ("-0", ["number.minus_zero"]),
        ("1.239", ["number.rounded"]),
        ("£5", ["money.currency"]),
        ("five", ["money.format"]),
        ("n/a", ["value.placeholder"]),
        ({"amount": 5}, ["value.wrong_type"]),
    ],
)
def test_what_is_found_in_money(raw: Any, found: list[str]) -> None:
    assert codes("money", raw) == found


def test_the_decimal_mark_of_the_layout_decides() -> None:
    assert standard("money", "1.234", decimal_mark=",") == "1234.00"
    assert standard("money", "1.234,5", decimal_mark=",") == "1234.50"
    assert standard("money", "1,234", decimal_mark=",") == "1.23"
    assert standard("money", "1.234") == "1.23"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1.2500", "1.25"),
        ("1,5", "1.5"),
        ("100", "100"),
        ("100.000", "100"),
        ("0", "0"),
        ("-0.0", "0"),
        ("1e-3", "0.001"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.12345678", "1.123457"),
        (1.5, "1.5"),
        (7, "7"),
        ("NaN", None),
        ("x", None),
    ],
)
def test_decimals(raw: Any, expected: str | None) -> None:
    assert standard("decimal", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected", "found"),
    [
        ("80%", "80", []),
        ("80 %", "80", []),
        ("80", "80", []),
        ("12.5%", "12.5", []),
        ("110", "110", []),
        ("0", "0", []),
        ("0.8", "0.8", ["percent.share"]),
        ("0.8%", "0.8", []),
        ("80%%", None, ["number.format"]),
        ("most", None, ["number.format"]),
    ],
)
def test_percentages_are_in_points(raw: str, expected: str | None, found: list[str]) -> None:
    assert standard("percent", raw) == expected
    assert codes("percent", raw) == found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1,200", 1200),
        ("12.0", 12),
        (7, 7),
        (7.0, 7),
        ("-3", -3),
        ("1.5", None),
        ("x", None),
        ("1e400", None),
    ],
)
def test_integers(raw: Any, expected: int | None) -> None:
    assert standard("integer", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Yes", True), ("y", True), ("TRUE", True), ("1", True), (1, True), ("x", True), ("on", True), ("Ja", True),
        (True, True), (1.0, True), ("no", False), ("N", False), ("false", False), ("0", False), (0, False),
        ("off", False), (False, False), ("maybe", None), ("2", None), ("", None), ("n/a", None),
    ],
)  # fmt: skip
def test_booleans(raw: Any, expected: bool | None) -> None:
    assert standard("boolean", raw) is expected
