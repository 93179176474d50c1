"""Standardize numbers of public registers: LEI, D-U-N-S, company registration numbers."""

import re

from apps.quality.contracts import Near, Standardized
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import capitals, clean, is_placeholder, no_value

_LEI_FORM = re.compile(r"[A-Z0-9]{18}[0-9]{2}")  # the validator checks digits, not the length
_NOT_ALPHANUMERIC = re.compile(r"[^A-Z0-9]+")
_DUNS_PREFIX = re.compile(r"^(?:D-?U-?N-?S)\s*(?:NO|NR|NUMBER)?[\s.:#]*", re.IGNORECASE)
_COMPANIES_HOUSE = re.compile(
    r"(?:AC|BR|CE|CS|FC|FE|GE|GN|GS|IC|IP|LP|NA|NC|NF|NI|NL|NO|NP|NR|NV|OC|OE|PC|R0|RC|RS|SA|SC|SE|"
    r"SF|SG|SI|SL|SO|SP"
    r"|SR|SZ|ZC)[0-9]{5}[0-9R]|[0-9]{8}"
)
_SHORT_COMPANIES_HOUSE = re.compile(r"([A-Z]{2})?([0-9]{4,7})")
_DUMMIES = frozenset({"123456789", "987654321", "012345678"})


def compact(text: str) -> str:
    """Return the letters and digits of a number, upper-case."""
    return _NOT_ALPHANUMERIC.sub("", text.upper())


def is_dummy(number: str) -> bool:
    """Tell whether a number is a filler: one repeated character, or 123456789."""
    return len(set(number)) <= 1 or number in _DUMMIES


def companies_house(text: str) -> str | None:
    """Return an eight-character Companies House number, leading zeros restored; None when it is not one."""
    number = compact(text)
    if short := _SHORT_COMPANIES_HOUSE.fullmatch(number):
        prefix, digits = short[1] or "", short[2]
        number = prefix + digits.zfill(8 - len(prefix))
    return number if _COMPANIES_HOUSE.fullmatch(number) and number.strip("0") else None


@standardizer("lei")
def lei(value: str, near: Near) -> Standardized:
    """A legal entity identifier, 20 characters whose check digits (mod 97) are right."""
    from stdnum import exceptions  # loaded on first use to keep start-up short
    from stdnum import lei as module

    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    number = compact(text)
    if not _LEI_FORM.fullmatch(number):
        return dropped("lei.format", "An LEI has 20 letters and digits.", value, before=issues)
    try:
        return Standardized(module.validate(number), issues)
    except exceptions.InvalidChecksum:
        return dropped("lei.check_digits", "The check digits of this LEI are wrong.", value, before=issues)
    except exceptions.ValidationError:
        return dropped("lei.format", "An LEI has 20 letters and digits.", value, before=issues)


@standardizer("duns")
def duns(value: str, near: Near) -> Standardized:
    """A D-U-N-S number: nine digits, without dashes; zeros that a spreadsheet cut off are restored."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    number = compact(_DUNS_PREFIX.sub("", text))
    if not (number.isascii() and number.isdigit()):
        return dropped("duns.format", "A D-U-N-S number has nine digits.", value, before=issues)
    if not number.strip("0") or is_dummy(number):
        return dropped("value.placeholder", "This number stands for none.", value, "info", issues)
    if len(number) in (7, 8):
        number = number.zfill(9)
        issues = (*issues, found("duns.padded", "Leading zeros were missing.", value, "warn"))
    if len(number) != 9:
        return dropped("duns.format", "A D-U-N-S number has nine digits.", value, before=issues)
    return Standardized(number, issues)


@standardizer("registration_no", uses=("country",))
def registration_no(value: str, near: Near) -> Standardized:
    """A company registration number: Companies House form near GB, else upper case without blanks around."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    number = compact(text)
    if not number.strip("0") or (len(number) > 5 and is_dummy(number)):
        return dropped("value.placeholder", "This number stands for none.", value, "info", issues)
    if near.country == "GB":
        if british := companies_house(text):
            return Standardized(british, issues)
        issues = (
            *issues,
            found("registration_no.format", "This is not a Companies House number.", value, "warn"),
        )
    return Standardized(capitals(text), issues)
