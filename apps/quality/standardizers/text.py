"""Standardize plain text, codes, identifiers and references to other records."""

import re
from collections.abc import Mapping

from apps.quality.contracts import NOTHING, NOWHERE, Near, Standardized
from apps.quality.registry import standardizers
from apps.quality.standardizers.base import dropped, found, standardizer, text_of
from apps.quality.standardizers.cleaning import capitals, clean, is_placeholder, no_value

_FORMULA = re.compile(r"[=@+-][A-Za-z]+\(|=[A-Za-z]|@[A-Za-z]+\(")
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,3}")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")
_SERIES = "12345678901234567890"


def cleaned_value(value: str, *, certain: bool = False) -> Standardized:
    """Return the clean text, or no value for a placeholder."""
    text, issues = clean(value)
    if is_placeholder(text, certain=certain):
        return no_value(value, text, issues)
    return Standardized(text, issues) if issues else Standardized(text)


@standardizer("text")
def text(value: str, near: Near) -> Standardized:
    """One line of NFKC text; spreadsheet formulas are flagged."""
    result = cleaned_value(value)
    if result.value and _FORMULA.match(result.value):
        issue = found("text.formula", "A spreadsheet would run this text as a formula.", value, "warn")
        return Standardized(result.value, (*result.issues, issue))
    return result


@standardizer("code")
def code(value: str, near: Near) -> Standardized:
    """A short code that is compared regardless of case: upper case, no blanks around."""
    result = cleaned_value(value, certain=True)
    if result.value is None:
        return result
    return Standardized(capitals(str(result.value)), result.issues)


@standardizer("identifier")
def identifier(value: str, near: Near) -> Standardized:
    """A key of another system: case and leading zeros kept, zeros only and spreadsheet damage refused."""
    result = cleaned_value(value, certain=True)
    if result.value is None:
        return result
    key = str(result.value)
    if _SCIENTIFIC.fullmatch(key):
        return dropped(
            "identifier.scientific", "A spreadsheet rounded this number; its digits are lost.", value
        )
    if whole := _WHOLE_FLOAT.fullmatch(key):
        key = whole[1]
    if not key.strip("0 -./"):
        return dropped("value.placeholder", "Only zeros: this stands for no value.", value, "info")
    if len(key) >= 6 and (len(set(key)) == 1 or (key.isascii() and key in _SERIES)):
        issue = found("identifier.suspicious", "This looks like a filler, not an identifier.", value, "warn")
        return Standardized(key, (*result.issues, issue))
    return Standardized(key, result.issues)


def _reference(value: object, near: Near = NOWHERE) -> Standardized:
    """A reference: {"system", "key"}, or the key alone for the record's own system."""
    if value is None or value == "":
        return NOTHING
    standardize = standardizers.get("identifier")
    if not isinstance(value, Mapping):
        return standardize(value) if text_of(value) is not None else _bad_reference(value)
    key, system = standardize(value.get("key")), standardize(value.get("system"))
    if key.value is None:
        return Standardized(None, key.issues) if key.issues else _bad_reference(value)
    return Standardized({"system": system.value, "key": key.value} if system.value else key.value, key.issues)


def _bad_reference(value: object) -> Standardized:
    return dropped("reference.shape", "A reference is a key, or a system and a key.", value)


standardizers.add("reference", _reference)
