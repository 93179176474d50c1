"""Phones, e-mail addresses, web domains and web addresses in their one written form."""

import pytest

from apps.quality.selectors import is_generic, registrable
from tests.quality.outcomes import codes, standard


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("020 7946 0958", "GB", "+442079460958"),
        ("020 7946 0958 ext 12", "GB", "+442079460958;ext=12"),
        ("020 7946 0958 x12", "GB", "+442079460958;ext=12"),
        ("+442079460958;ext=12", None, "+442079460958;ext=12"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
        ("0044 20 7946 0958", None, "+442079460958"),
        ("tel:+44-20-7946-0958", None, "+442079460958"),
        ("(650) 253-0000", "US", "+16502530000"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("030 901820", "DE", "+4930901820"),
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("+33 1 42 68 53 00", "GB", "+33142685300"),
        ("020 7946 0958 / 07700 900123", "GB", "+442079460958"),
        ("020 7946 0958", None, None),
        ("12", "GB", None),
        ("000000000", "GB", None),
        ("call me", "GB", None),
        ("n/a", "GB", None),
        ("9" * 60, "GB", None),
    ],
)
def test_phones(raw: str, country: str | None, expected: str | None) -> None:
    assert standard("phone", raw, country=country) == expected


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("020 7946 0958", ["phone.no_country"]),
        ("+44 123546", ["phone.not_assigned"]),
        ("+44 0", ["phone.not_possible"]),
        ("+44 20 7946 0958 or +44 20 7946 0959", ["phone.several"]),
        ("-", ["value.placeholder"]),
    ],
)
def test_what_is_found_in_phones(raw: str, found: list[str]) -> None:
    assert codes("phone", raw) == found


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("John.Smith@ACME.co.uk", "john.smith@acme.co.uk"),
        (" bob@acme.com ", "bob@acme.com"),
        ("Bob Ray <bob@acme.com>", "bob@acme.com"),
        ("mailto:bob@acme.com", "bob@acme.com"),
        ("bob@acme.com; ann@acme.com", "bob@acme.com"),
        ("bob@müller.de", "bob@xn--mller-kva.de"),
        ("bob+invoices@acme.com", "bob+invoices@acme.com"),
        ("info@gmail.com", "info@gmail.com"),
        ("bob@acme.com.", "bob@acme.com"),
        ("bob@", None),
        ("@acme.com", None),
        ("bob.acme.com", None),
        ("bob@acme", None),
        ("bob..ray@acme.com", None),
        ("bob@-acme.com", None),
        ("noreply@acme.com", None),
        ("test@test.com", None),
        ("a" * 65 + "@acme.com", None),
        ("none", None),
    ],
)
def test_email_addresses(raw: str, expected: str | None) -> None:
    assert standard("email", raw) == expected


def test_free_providers_and_roles_are_noted() -> None:
    assert codes("email", "info@gmail.com") == ["email.free_provider", "email.role"]
    assert codes("email", "ann.lee@acme.com") == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("https://www.Acme.co.uk/about?x=1", "acme.co.uk"),
        ("acme.com", "acme.com"),
        ("shop.eu.acme.com", "acme.com"),
        ("bob@foo.lewisham.gov.uk", "lewisham.gov.uk"),
        ("http://müller.de", "xn--mller-kva.de"),
        ("http:/acme.com", "acme.com"),
        ("www.acme.example:8080/x", "acme.example"),
        ("//acme.com", "acme.com"),
        ("acme.com, acme.de", "acme.com"),
        ("ACME.COM.", "acme.com"),
        ("gmail.com", None),
        ("https://www.linkedin.com/company/acme", None),
        ("co.uk", None),
        ("localhost", None),
        ("192.168.0.1", None),
        ("acme", None),
        ("http://", None),
        ("N/A", None),
    ],
)
def test_domains(raw: str, expected: str | None) -> None:
    assert standard("domain", raw) == expected


def test_domains_of_providers_are_refused_and_flagged() -> None:
    assert codes("domain", "someone@gmail.com") == ["domain.generic"]
    assert is_generic("gmail.com")
    assert not is_generic("acme.com")
    assert registrable("www.acme.co.uk") == "acme.co.uk"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("WWW.Acme.com/", "https://www.acme.com"),
        ("http://acme.com:80/a/b/?q=1#x", "http://acme.com/a/b?q=1"),
        ("https://acme.com:8443", "https://acme.com:8443"),
        ("HTTPS://Acme.com/Path", "https://acme.com/Path"),
        ("javascript:alert(1)", None),
        ("ftp://acme.com", None),
        ("https://acme.com:99999", None),
        ("not a web address", None),
    ],
)
def test_web_addresses(raw: str, expected: str | None) -> None:
    assert standard("url", raw) == expected
