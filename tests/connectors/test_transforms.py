"""The named transforms: exact values, clear refusals, laws."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.connectors.mappings import MappingDocumentError
from apps.connectors.mappings.transforms import TransformError, compile_chain


def run(value: Any, *steps: Any) -> Any:
    chain = compile_chain(list(steps), "do")
    assert chain is not None
    return chain(value)


@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [
        ("  a  ", ["trim"], "a"),
        ("   ", ["trim"], None),
        (" a \n  b ", ["squash"], "a b"),
        ("aé", ["upper"], "AÉ"),
        ("AB", ["lower"], "ab"),
        ("+44 (0)20", ["digits"], "44020"),
        ("x", [{"prefix": "BIS-"}], "BIS-x"),
        ("abcdef", [{"truncate": 3}], "abc"),
        ("one two three", [{"wrap": 7, "index": 0}], "one two"),
        ("one two three", [{"wrap": 7, "index": 1}], "three"),
        ("one two three", [{"wrap": 7, "index": 2}], None),
        ("a-b", [{"replace": {"-": "/"}}], "a/b"),
        ("ON HOLD", [{"lookup": {"On Hold": "hold"}}], "hold"),
        ("other", [{"lookup": {"a": "b"}, "else": "keep"}], "other"),
        ("other", [{"lookup": {"a": "b"}, "else": "null"}], None),
        ("other", [{"lookup": {"a": True}, "else": False}], False),
        (True, [{"lookup": {"true": "on"}}], "on"),
        (["a", None, "b"], ["concat"], "a b"),
        (["a", "b"], [{"concat": "-"}], "a-b"),
        ("a; b;", [{"split": ";"}], ["a", "b"]),
        ("Ann Lee", [{"split": " ", "index": -1}], "Lee"),
        ("Ann", [{"split": " ", "index": 1}], None),
        ([None, "", "c"], ["first"], "c"),
        (None, [{"default": "x"}], "x"),
        (None, ["upper"], None),
        ({"a": [{"b": 1}]}, [{"path": "a[0].b"}], 1),
        (
            {"line1": "1 High St", "line2": None, "x": 1},
            [{"pluck": ["line1", "line2"]}, {"concat": "\n"}],
            "1 High St",
        ),
        ("31/01/2026", [{"date": "%d/%m/%Y"}], "2026-01-31"),
        ("2026-01-31", [{"date": ["%d/%m/%Y", "%Y-%m-%d"]}], "2026-01-31"),
        ("2026-01-31T23:59:59+01:00", ["date"], "2026-01-31"),
        ("2026-01-31T23:30:00+01:00", ["timestamp"], "2026-01-31T22:30:00Z"),
        ("2024-02", ["month_start"], "2024-02-01"),
        ("2024-02", ["month_end"], "2024-02-29"),
        ("1,234.5", [{"decimal": 2}], "1234.50"),
        ("1.234,5", [{"decimal": 2, "comma": True}], "1234.50"),
        ("(12.00)", [{"decimal": 2}], "-12.00"),
        ("£ 3", ["decimal"], "3"),
        (5259392.96, [{"decimal": 2}], "5259392.96"),
        ("-0.00", [{"decimal": 2}], "0.00"),
        ("2.345", [{"decimal": 2}], "2.35"),
        (1e-7, ["decimal"], "0.0000001"),
        ("1999", [{"scale": 0.01}], "19.99"),
        ("-4.5", ["abs"], "4.5"),
        ("1234.50", ["number"], 1234.5),
        ("32.00", ["number"], 32),
        ("7.0", ["integer"], 7),
        ("Yes", ["boolean"], True),
        (0, ["boolean"], False),
        ("England", ["iso2"], "GB"),
        ("uk", ["iso2"], "GB"),
        ("DEU", ["iso2"], "DE"),
        ("Viet Nam", ["iso2"], "VN"),
        ("£", ["iso4217"], "GBP"),
        ("euro", ["iso4217"], "EUR"),
        ("020 7946 0018", [{"e164": "GB"}], "+442079460018"),
        ("https://WWW.Acme.co.uk/about", ["domain"], "acme.co.uk"),
        ("ann@Acme.com", ["domain"], "acme.com"),
    ],
)
def test_values(value: Any, steps: list[Any], result: Any) -> None:
    assert run(value, *steps) == result
    assert type(run(value, *steps)) is type(result)


@pytest.mark.parametrize(
    ("value", "steps", "reason"),
    [
        ("31/02/2026", [{"date": "%d/%m/%Y"}], "is not a date written as %d/%m/%Y"),
        ("0000-00-00", ["date"], "is not a date written as YYYY-MM-DD"),
        ("9999-12-31", ["date"], "no date of this world"),
        ("twelve", ["decimal"], "'twelve' is not a number"),
        ("NaN", ["decimal"], "out of range"),
        ("Infinity", ["decimal"], "out of range"),
        ("1e400", ["decimal"], "out of range"),
        (True, ["decimal"], "is not a number"),
        ("1.5", ["integer"], "is not a whole number"),
        (str(2**63), ["integer"], "is not a whole number"),
        ("maybe", ["boolean"], "neither yes nor no"),
        ("Atlantis", ["iso2"], "is not a country"),
        ("doubloon", ["iso4217"], "is not a currency"),
        ("12", [{"e164": "GB"}], "telephone number"),
        ("acme", ["domain"], "is not a web address"),
        ("http://[broken", ["domain"], "is not a web address"),
        ("c", [{"lookup": {"a": 1, "b": 2}}], "'c' is not one of a, b"),
        ({"a": 1}, ["upper"], "structure where one value is expected"),
        ("2024-13", ["month_start"], "is not a month"),
    ],
)
def test_refusals_say_what_is_wrong(value: Any, steps: list[Any], reason: str) -> None:
    with pytest.raises(TransformError, match=reason.replace("(", "\\(")):
        run(value, *steps)


def test_a_refusal_quotes_little_of_a_huge_cell() -> None:
    with pytest.raises(TransformError) as caught:
        run("9" * 10_000_000 + "x", "decimal")
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        (["trimm"], "there is no transform 'trimm'"),
        ([{"a": 1}], "names no transform"),
        ([{"truncate": "x"}], "truncate cannot use 'x'"),
        ([{"wrap": "x"}], "wrap cannot use 'x'"),
        ([{"decimal": "two"}], "decimal cannot use 'two'"),
        ([{"lookup": "a"}], "lookup cannot use 'a'"),
    ],
)
def test_bad_steps_are_found_when_compiled(steps: list[Any], problem: str) -> None:
    with pytest.raises(MappingDocumentError, match=problem):
        compile_chain(steps, "do")


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_decimal_keeps_every_cent(amount: Decimal) -> None:
    written = run(f"{amount:,}", {"decimal": 2})
    assert Decimal(written) == amount
    assert run(written, {"decimal": 2}) == written


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)))
def test_dates_survive_any_pattern(day: date) -> None:
    assert run(day.strftime("%d/%m/%Y"), {"date": "%d/%m/%Y"}) == day.isoformat()
    assert run(day.isoformat(), "date") == day.isoformat()


@given(
    st.one_of(
        st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text(), max_size=3)
    )
)
def test_a_transform_gives_a_value_or_a_transform_error(value: Any) -> None:
    for step in (
        "trim",
        "date",
        "timestamp",
        "decimal",
        "integer",
        "boolean",
        "iso2",
        "iso4217",
        "e164",
        "domain",
    ):
        try:
            run(value, step)
        except TransformError:
            continue
