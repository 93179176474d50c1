"""Standardize telephone numbers to E.164, extension kept."""

import re

from apps.quality.contracts import Issue, Near, Standardized
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value

_SEVERAL = re.compile(r"\s*[;|]\s*|\s+/\s+|\s+or\s+|\s*,\s*(?=[+(0-9])", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]")
_PREFIX = re.compile(r"(?:tel|phone|fax|t|p)\s*[.:]\s*", re.IGNORECASE)
_TRUNK = re.compile(r"\(0\)")
_LONGEST = 60


@standardizer("phone", uses=("country",))
def phone(value: str, near: Near) -> Standardized:
    """ "020 7946 0958 ext 12" near GB is "+442079460958;ext=12"; national numbers need the country."""
    text, issues = clean(value)
    text = _PREFIX.sub("", text, count=1) if text[:1].isalpha() else text
    if is_placeholder(text):
        return no_value(value, text, issues)
    if not text.startswith("+") or ";ext=" not in text:
        numbers = [number for number in _SEVERAL.split(text) if len(_DIGITS.findall(number)) >= 6]
        if len(numbers) > 1:
            issues = (
                *issues,
                found("phone.several", "Several numbers in one field; the first is used.", value, "info"),
            )
            text = numbers[0]
    if len(text) > _LONGEST:
        return dropped("phone.not_possible", "This is not a telephone number.", value, before=issues)
    if set(text) <= set("0 +-.()"):
        return dropped("value.placeholder", "Only zeros: this stands for no value.", value, "info", issues)
    return _parse(_TRUNK.sub("", text), value, near.country, issues)


def _parse(text: str, raw: str, country: str | None, issues: tuple[Issue, ...]) -> Standardized:
    import phonenumbers  # loaded on first use to keep start-up short

    if text.startswith("00"):
        text = "+" + text[2:]
    elif not text.startswith("+") and country is None:
        return dropped("phone.no_country", "A national number, and no country is known.", raw, "warn", issues)
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return dropped("phone.not_possible", "This is not a telephone number.", raw, before=issues)
    if not phonenumbers.is_valid_number(number):
        if not phonenumbers.is_possible_number(number):
            return dropped("phone.not_possible", "Too short or too long for its country.", raw, before=issues)
        issues = (*issues, found("phone.not_assigned", "No such number range is assigned.", raw, "warn"))
    standard = f"+{number.country_code}{phonenumbers.national_significant_number(number)}"
    return Standardized(f"{standard};ext={number.extension}" if number.extension else standard, issues)
