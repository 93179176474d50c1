"""Enumerations, payment terms and industries."""

import pytest

from tests.quality.outcomes import codes, standard

STATES = ("draft", "part_paid", "paid", "written_off")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("part_paid", "part_paid"),
        ("Part Paid", "part_paid"),
        ("PART-PAID", "part_paid"),
        ("PartPaid", "part_paid"),
        ("partpaid", "part_paid"),
        (" Draft ", "draft"),
        ("Written/Off", "written_off"),
        ("lost", None),
        ("n/a", None),
        ("", None),
    ],
)
def test_enumerations(raw: str, expected: str | None) -> None:
    assert standard("enum", raw, choices=STATES) == expected


def test_a_value_off_the_list_is_dropped_and_flagged() -> None:
    assert codes("enum", "lost", choices=STATES) == ["enum.unknown"]
    assert standard("enum", "Time & Materials") == "time_materials"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("NET30", "net_30"), ("Net 30", "net_30"), ("net_30", "net_30"), ("30 days", "net_30"), ("N30", "net_30"),
        ("N/30", "net_30"), ("30 days net", "net_30"), ("30D", "net_30"), ("30", "net_30"), ("Net 30 Days", "net_30"),
        ("Payment within 30 days", "net_30"), ("30 days from invoice date", "net_30"), ("NET 7", "net_7"),
        ("30 Tage netto", "net_30"), ("Due on receipt", "due_on_receipt"), ("Immediate", "due_on_receipt"),
        ("COD", "due_on_receipt"), ("0 days", "due_on_receipt"), ("NET0", "due_on_receipt"), ("prepaid", "prepaid"),
        ("Payment in advance", "prepaid"), ("2/10 net 30", "2_10_net_30"), ("2% 10, Net 30", "2_10_net_30"),
        ("EOM+30", "eom_30"), ("30 days EOM", "eom_30"), ("30 days end of month", "eom_30"), ("ZB01", "zb01"),
        ("0 :", "due_on_receipt"), ("null:", None), ("n/a", None), ("", None),
    ],
)  # fmt: skip
def test_payment_terms(raw: str, expected: str | None) -> None:
    assert standard("payment_terms", raw) == expected


def test_unknown_payment_terms_are_noted() -> None:
    assert codes("payment_terms", "ZB01") == ["payment_terms.unknown"]
    assert codes("payment_terms", "NET30") == []


@pytest.mark.parametrize(
    ("raw", "country", "expected", "found"),
    [
        ("62.01", None, "nace:62.01", []),
        ("J62.01", None, "nace:62.01", []),
        ("6201", None, "nace:62.01", []),
        ("1.1", None, "nace:01.1", []),
        ("NACE Rev. 2: 62", None, "nace:62", []),
        ("62.01 - Computer programming activities", None, "nace:62.01", []),
        ("541511", None, "naics:541511", []),
        ("5415", "US", "naics:5415", []),
        ("NAICS 54", None, "naics:54", []),
        ("62012", "GB", "uksic:62012", []),
        ("SIC 6201", None, "uksic:62010", []),
        ("nace:62.01", None, "nace:62.01", []),
        ("Software", None, "nace:62", ["industry.by_name"]),
        ("Banking", None, "nace:64", ["industry.by_name"]),
        ("Not For Profit", None, "nace:94", ["industry.by_name"]),
        ("Underwater basketry", None, "Underwater basketry", ["industry.unknown"]),
        ("34.10", None, "34.10", ["industry.unknown"]),
        ("n/a", None, None, ["value.placeholder"]),
    ],
)
def test_industries(raw: str, country: str | None, expected: str | None, found: list[str]) -> None:
    assert standard("industry", raw, country=country) == expected
    assert codes("industry", raw, country=country) == found
