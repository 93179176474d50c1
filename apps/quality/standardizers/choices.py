"""Standardize values of closed lists: enumerations, payment terms, industries."""

import re
from functools import lru_cache

from apps.quality.contracts import Near, Standardized
from apps.quality.reference import industries
from apps.quality.reference.countries import plain
from apps.quality.reference.payment_terms import payment_terms
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value

_CAMEL = re.compile(r"([a-z0-9])([A-Z])")
_WORDS = re.compile(r"[\W_]+")
_INDUSTRY = re.compile(
    r"(?:(nace|naics|sic|uk ?sic)[ :.-]*(?:rev\.? ?2(?:\.1)?[ :.-]*|"
    r"20\d\d[ :.-]*)?)?([a-u]?)[ .]?(\d{1,2}\.\d{1,2}|\d{2,6})"
    r"(?:[ :–-]+[^\d].*)?",
    re.IGNORECASE,
)
_AMERICA = frozenset({"US", "CA", "MX"})


@lru_cache(maxsize=256)
def _squeezed(choices: tuple[str, ...]) -> dict[str, str]:
    return {plain(choice): choice for choice in choices}


def snake(text: str) -> str:
    """Return words as lower snake case: "PartPaid" and "part-paid" are "part_paid"."""
    return _WORDS.sub("_", _CAMEL.sub(r"\1_\2", text).lower()).strip("_")


@standardizer("enum", uses=("choices",))
def enum(value: str, near: Near) -> Standardized:
    """The allowed value a text means, whatever its case and separators; others are dropped."""
    text, issues = clean(value)
    if not near.choices:
        words = clean(snake(text))[0]
        if is_placeholder(words, certain=True):
            return no_value(value, text, issues)
        return Standardized(words, issues)
    if text in near.choices:
        return Standardized(text, issues)
    if choice := _squeezed(near.choices).get(plain(text)):
        return Standardized(choice, issues)
    if is_placeholder(text, certain=True):
        return no_value(value, text, issues)
    allowed = ", ".join(near.choices[:12])
    return dropped("enum.unknown", f"Not one of: {allowed}.", value, before=issues)


@standardizer("payment_terms")
def terms(value: str, near: Near) -> Standardized:
    """ "NET30", "30 days", "N30" are "net_30"; terms that are not understood stay, in lower snake case."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    standard, understood = payment_terms(text)
    if not understood:
        standard, understood = payment_terms(standard)  # punctuation may have hidden them
    if is_placeholder(standard):
        return dropped("payment_terms.unknown", "These are not payment terms.", value, before=issues)
    if not understood:
        issues = (
            *issues,
            found("payment_terms.unknown", "Payment terms the hub does not know.", value, "info"),
        )
    return Standardized(standard, issues)


@standardizer("industry", uses=("country",))
def industry(value: str, near: Near) -> Standardized:
    """ "62.01", "J62.01", "Software" are NACE ("nace:62.01", "nace:62"), six digits NAICS, five UK SIC.

    The name of an industry without a known code stays as it is.
    """
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    match = _INDUSTRY.fullmatch(text) if len(text) <= 120 else None
    standard = _industry_code(match, near.country) if match else None
    if standard:
        return Standardized(standard, issues)
    if division := industries.DIVISION_OF.get(plain(text)):
        note = found("industry.by_name", "The code was found by the industry's name.", value, "info")
        return Standardized(f"nace:{division}", (*issues, note))
    note = found("industry.unknown", "Not a NACE, NAICS or SIC code, nor a known industry.", value, "warn")
    return Standardized(text, (*issues, note))


def _industry_code(match: re.Match[str], country: str | None) -> str | None:
    scheme, digits = (match[1] or "").lower().replace(" ", ""), match[3]
    american = scheme == "naics" or (not scheme and country in _AMERICA and "." not in digits)
    if american or (not scheme and len(digits) == 6 and "." not in digits):
        valid = "." not in digits and digits[:2] in industries.NAICS_SECTORS
        return f"naics:{digits}" if valid else None
    whole = digits.replace(".", "")
    if "." in digits:
        whole = digits.partition(".")[0].zfill(2) + digits.partition(".")[2]
    if whole[:2] not in industries.NACE_DIVISIONS or len(whole) > 5:
        return None
    if scheme in ("sic", "uksic") or len(whole) == 5:
        return f"uksic:{whole.ljust(5, '0')}" if len(whole) >= 4 else f"nace:{whole}"
    return f"nace:{whole[:2]}" + (f".{whole[2:]}" if len(whole) > 2 else "")
