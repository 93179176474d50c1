"""Standardize tax and registration numbers: find the scheme, check the check digits, write them one way."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

from apps.quality.contracts import Issue, Near, Severity, Standardized
from apps.quality.reference.countries import country_code, plain
from apps.quality.reference.tax_schemes import COUNTRY_OF, SCHEME_OF, USUAL_SCHEME, VALIDATORS
from apps.quality.reference.words import words
from apps.quality.standardizers.base import CACHED_CHARACTERS, found, item_standardizer, text_of
from apps.quality.standardizers.cleaning import clean, is_placeholder
from apps.quality.standardizers.registers import compact, companies_house, is_dummy

EU = words(
    """
    AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
    """
)
_LONGEST = 40
_PREFIXES = {"EL": "GR", "XI": "XI"}


@item_standardizer("tax_id", owns=("scheme", "country", "value"))
def tax_id(item: Mapping[str, Any], near: Near) -> Standardized:
    """{scheme, country, value} with a checked value, the scheme and country found where they were missing.

    VAT numbers of the EU, GB and Northern Ireland carry their prefix ("GB980780684", "EL094259216"),
    Companies House numbers eight characters, all others the form of their register without separators.
    An item whose number cannot be right is None; one that cannot be checked stays, with an issue.
    """
    scheme, country, raw = (text_of(item.get(name)) or "" for name in ("scheme", "country", "value"))
    if max(map(len, (scheme, country, raw))) > CACHED_CHARACTERS:
        issue = found("tax_id.format", "This is not a tax number.", raw, attribute="value")
        return Standardized(None, (issue,))
    standard_scheme, standard_country, number, issues = _standardize(scheme, country, raw, near.country)
    if number is None:
        return Standardized(None, issues)
    standard = {**item, "scheme": standard_scheme, "country": standard_country, "value": number}
    return Standardized(standard, issues)


Outcome = tuple[str | None, str | None, str | None, tuple[Issue, ...]]
Checked = tuple[str | None, Issue | None]


@lru_cache(maxsize=16_384)
def _standardize(scheme_text: str, country_text: str, raw: str, near: str | None) -> Outcome:
    text, issues = clean(raw)
    named = clean(country_text)[0]
    country = country_code(named) if not is_placeholder(named, certain=True) else None
    scheme = _named_scheme(clean(scheme_text)[0])
    number = compact(text)
    if is_placeholder(text):
        remark = (_issue("value.placeholder", "The text stands for no value.", raw, "info"),) if text else ()
        return scheme, country, None, (*issues, *remark)
    if not number:
        return (
            scheme,
            country,
            None,
            (*issues, _issue("tax_id.invalid", "No letter or digit of a number.", raw)),
        )
    if not number.strip("0") or is_dummy(number):
        return (
            scheme,
            country,
            None,
            (*issues, _issue("value.placeholder", "This number stands for none.", raw, "info")),
        )
    scheme, country = _detected(scheme, country or COUNTRY_OF.get(scheme or ""), number, near)
    value, finding = _checked(scheme, country, number, raw)
    return scheme, country, value, (*issues, finding) if finding else issues


def _issue(code: str, message: str, raw: str, severity: Severity = "downgrade") -> Issue:
    return found(code, message, raw, severity, "value")


def _named_scheme(text: str) -> str | None:
    if not text:
        return None
    key = plain(text)
    return SCHEME_OF.get(key, key[:20] or None)


def _prefix_country(number: str) -> str | None:
    """Return the country of a VAT number that begins with its prefix and has digits after it."""
    prefix = number[:2]
    if not any(map(str.isdigit, number[2:])):
        return None
    country = _PREFIXES.get(prefix, prefix)
    return country if country in EU or country in ("GB", "XI") else None


def _detected(
    scheme: str | None, country: str | None, number: str, near: str | None
) -> tuple[str | None, str | None]:
    """Return scheme and country, completed from the number's own form and the record's country."""
    if scheme in (None, "vat", "tin"):
        by_prefix = _prefix_country(number)
        agrees = country is None or country == by_prefix or (country, by_prefix) == ("GB", "XI")
        if by_prefix and agrees and (scheme != "tin" or _vat_value(by_prefix, number)):
            return "vat", "GB" if by_prefix == "XI" else by_prefix
    country = country or near
    if scheme in (None, "tin") and country:
        usual = USUAL_SCHEME.get(country, "vat" if country in EU else None)
        if country == "GB" and not _vat_value("GB", number) and companies_house(number):
            usual = "coh"
        if country == "CH" and number.startswith("CHE") and not number[-1:].isdigit():
            usual = "vat"
        scheme = usual or scheme
    if scheme == "coh":
        country = country or "GB"
    return scheme or "other", country


def _vat_value(country: str, number: str) -> str | None:
    """Return the valid VAT number with its prefix, None when a check fails."""
    if country in ("GB", "XI"):
        digits = number[2:] if number[:2] in ("GB", "XI") else number
        prefix = "XI" if number.startswith("XI") else "GB"
        return prefix + digits if _valid("stdnum.gb.vat", digits) else None
    prefix = "EL" if country == "GR" else country
    whole = number if number.startswith(prefix) else prefix + number
    valid = _valid("stdnum.eu.vat", whole)
    return (valid if valid.startswith(prefix) else prefix + valid) if valid else None


def _valid(module: str, number: str) -> str | None:
    """Return the compact number if the validator of python-stdnum accepts it."""
    from stdnum.exceptions import ValidationError  # loaded on first use to keep start-up short

    try:
        return str(import_module(module).validate(number))
    except ValidationError:
        return None


def _checked(scheme: str | None, country: str | None, number: str, raw: str) -> Checked:
    wrong = _issue("tax_id.invalid", f"This is not a valid {scheme} number of {country}.", raw)
    if scheme == "coh":
        value = companies_house(number)
    elif scheme == "vat" and country in EU | {"GB"}:
        value = _vat_value(str(country), number)
    elif module := VALIDATORS.get((scheme or "", country or "")):
        value = _valid(module, number)
    else:
        if len(number) > _LONGEST:
            return None, wrong
        unchecked = _issue("tax_id.unchecked", "No check is known for this scheme and country.", raw, "info")
        return number, unchecked
    return value, None if value else wrong
