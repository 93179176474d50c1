"""Standardize countries to ISO 3166 alpha-2 and currencies to ISO 4217."""

from apps.quality.contracts import Near, Standardized
from apps.quality.reference.countries import country_code
from apps.quality.reference.currencies import SHARED_SYMBOLS, SYMBOLS, currency_code, is_historic
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value


@standardizer("country")
def country(value: str, near: Near) -> Standardized:
    """ "Deutschland", "DEU", "germany" are "DE"; "NA" is Namibia, "N/A" is nothing."""
    text, issues = clean(value)
    if is_placeholder(text, certain=True):
        return no_value(value, text, issues)
    if code := country_code(text):
        return Standardized(code, issues)
    return dropped("country.unknown", "No country has this name or code.", value, before=issues)


@standardizer("currency", uses=("country",))
def currency(value: str, near: Near) -> Standardized:
    """ "£", "pound sterling", "gbp" are "GBP"; "$" and "kr" depend on the country."""
    text, issues = clean(value)
    if is_placeholder(text, certain=True) and text not in SYMBOLS and text not in SHARED_SYMBOLS:
        return no_value(value, text, issues)
    if code := currency_code(text):
        return Standardized(code, issues)
    if text in SHARED_SYMBOLS:
        by_country, usual = SHARED_SYMBOLS[text]
        if code := by_country.get(near.country or ""):
            return Standardized(code, issues)
        if usual:
            issue = found(
                "currency.ambiguous",
                f"Several currencies use this symbol; {usual} is assumed.",
                value,
                "warn",
            )
            return Standardized(usual, (*issues, issue))
        return dropped("currency.ambiguous", "Several currencies use this symbol.", value, before=issues)
    if is_historic(text):
        return dropped("currency.historic", "This currency is no longer in use.", value, before=issues)
    return dropped("currency.unknown", "No currency has this name, code or symbol.", value, before=issues)
