"""Standardize money, decimals, percentages, integers and booleans to JSON values that cannot lose digits."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from apps.quality.contracts import Issue, Near, Standardized
from apps.quality.reference.currencies import SHARED_SYMBOLS, currency_code
from apps.quality.reference.words import words
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value, straighten

_AFFIX = re.compile(
    r"([^\d.,()+'\-]{0,12}?)\s*([+\-(]*\s*[\d.,][\d.,' _]*(?:[eE][+-]?\d{1,4})?\s*[)\-]?)\s*(\D{0,12})"
)
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}")
_NOT_FINITE = words(
    """
    nan inf infinity -inf -infinity +inf +infinity snan ∞ -∞
    """
)
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_LONGEST = 80
_LARGEST = Decimal(10) ** 14
_CENT = Decimal("0.01")
_PLACES = Decimal("1e-6")
_TRUE = words(
    """
    yes y true t 1 x on ja oui si sí tak wahr vrai ✓ ✔ checked enabled
    """
)
_FALSE = words(
    """
    no n false f 0 off nein non nie falsch faux ✗ ✘ unchecked disabled
    """
)


class _NotANumber(ValueError):
    """Carries the code and message of the issue to report."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def _western(text: str, decimal_mark: str | None) -> str:
    """Return a number with "." as decimal mark and without separators of thousands."""
    text = re.sub(r"[\s'_]", "", text)
    if (
        decimal_mark == ","
        and "." in text
        and ("," in text or re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+", text))
    ):
        return text.replace(".", "").replace(",", ".")
    if "," not in text:
        if text.count(".") > 1 and re.fullmatch(r"[+-]?\d{1,3}(?:\.\d{3})+", text):
            return text.replace(".", "")
        return text
    if "." in text:
        if text.rindex(",") > text.rindex("."):
            return text.replace(".", "").replace(",", ".") if text.count(",") == 1 else text
        whole, _, rest = text.partition(".")
        return f"{whole.replace(',', '')}.{rest}" if _GROUPED.fullmatch(whole.lstrip("+-")) else text
    if decimal_mark == "," or not _GROUPED.fullmatch(text.lstrip("+-")):
        return text.replace(",", ".") if text.count(",") == 1 else text
    return text.replace(",", "")


def parse_decimal(text: str, decimal_mark: str | None = None) -> Decimal:
    """Return the number a text writes, in any usual notation; raise _NotANumber with the reason."""
    if len(text) > _LONGEST:
        raise _NotANumber("number.format", "This is not a number.")
    if text.lower() in _NOT_FINITE:
        raise _NotANumber("number.not_finite", "Not a finite number.")
    text = straighten(text)
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    elif text.endswith("-"):
        negative, text = True, text[:-1].strip()
    text = _western(text, decimal_mark)
    if not _PLAIN.fullmatch(text) or (negative and text[0] in "+-"):
        raise _NotANumber("number.format", "This is not a number.")
    try:
        number = _WIDE.create_decimal(text)
    except InvalidOperation:
        raise _NotANumber("number.format", "This is not a number.") from None
    if (number and number.adjusted() > 14) or abs(number) >= _LARGEST:
        raise _NotANumber("number.out_of_range", "Larger than the hub can hold.")
    return -number if negative else number


def _quantized(number: Decimal, places: Decimal, raw: str) -> tuple[Decimal, tuple[Issue, ...]]:
    """Return a number of that many places, and what was lost; minus zero is zero."""
    rounded = number.quantize(places, context=_WIDE)
    issues: tuple[Issue, ...] = ()
    if rounded != number:
        issues = (found("number.rounded", "More decimal places than are kept.", raw, "info"),)
    if not rounded:
        if number.is_signed() and not number:
            issues = (*issues, found("number.minus_zero", "Minus zero is zero.", raw, "info"))
        rounded = abs(rounded)
    return rounded, issues


@standardizer("money", uses=("decimal_mark",))
def money(value: str, near: Near) -> Standardized:
    """An amount with two places: "(1,234.5)" is "-1234.50", "GBP 1,200" is "1200.00"."""
    text, issues = clean(value)
    if is_placeholder(text, certain=True) and text.lower() not in _NOT_FINITE:
        return no_value(value, text, issues)
    amount, stripped = _without_currency(text)
    if stripped:
        issues = (*issues, found("money.currency", "The amount names its currency.", value, "info"))
    try:
        number, lost = _quantized(parse_decimal(amount, near.decimal_mark), _CENT, value)
    except _NotANumber as reason:
        return dropped(reason.code.replace("number", "money"), reason.message, value, before=issues)
    return Standardized(f"{number:f}", (*issues, *lost))


def _without_currency(text: str) -> tuple[str, bool]:
    """Return a number without the currency before or after it, and whether there was one."""
    if len(text) > _LONGEST or _PLAIN.fullmatch(text):
        return text, False
    if text.startswith("(") and text.endswith(")"):
        inner, stripped = _without_currency(text[1:-1])
        return f"({inner})", stripped
    sign = ""
    if text[:1] in "-+" and text[1:2] not in ("", " ") and not text[1:2].isdigit():
        sign, text = text[:1], text[1:].strip()
    match = _AFFIX.fullmatch(text)
    if not match:
        return sign + text, False
    before, number, after = match[1].strip(), match[2].strip(), match[3].strip()
    affixes = [affix for affix in (before, after) if affix]
    if affixes and all(currency_code(affix) or affix in SHARED_SYMBOLS for affix in affixes):
        return sign + number, True
    return sign + text, False


def _decimal(value: str, near: Near, scale: Decimal = Decimal(1)) -> Standardized:
    text, issues = clean(value)
    if is_placeholder(text, certain=True) and text.lower() not in _NOT_FINITE:
        return no_value(value, text, issues)
    try:
        number, lost = _quantized(parse_decimal(text, near.decimal_mark) * scale, _PLACES, value)
    except _NotANumber as reason:
        return dropped(reason.code, reason.message, value, before=issues)
    plain = f"{number:f}"
    return Standardized(plain.rstrip("0").rstrip(".") if "." in plain else plain, (*issues, *lost))


@standardizer("decimal", uses=("decimal_mark",))
def decimal(value: str, near: Near) -> Standardized:
    """A number of at most six places, without an exponent or trailing zeros: "1.2500" is "1.25"."""
    return _decimal(value, near)


@standardizer("percent", uses=("decimal_mark",))
def percent(value: str, near: Near) -> Standardized:
    """A percentage in points: "80 %" and "80" are "80". A share (0.8) is left as it is and flagged."""
    result = _decimal(value.replace("%", "").replace("\uff05", "") if value.count("%") < 2 else value, near)
    if result.value is not None and "%" not in value and 0 < abs(Decimal(result.value)) < 1:
        issue = found("percent.share", "This looks like a share of one, not like per cent.", value, "warn")
        return Standardized(result.value, (*result.issues, issue))
    return result


@standardizer("integer", uses=("decimal_mark",))
def integer(value: str, near: Near) -> Standardized:
    """A whole number that fits 64 bits: "1,200" and "1200.0" are 1200."""
    text, issues = clean(value)
    if is_placeholder(text, certain=True) and text.lower() not in _NOT_FINITE:
        return no_value(value, text, issues)
    try:
        number = parse_decimal(text, near.decimal_mark)
    except _NotANumber as reason:
        return dropped(reason.code, reason.message, value, before=issues)
    if number != number.to_integral_value():
        return dropped("integer.fraction", "A whole number is expected.", value, before=issues)
    return Standardized(int(number), issues)


@standardizer("boolean")
def boolean(value: str, near: Near) -> Standardized:
    """yes, y, true, 1, x and their like are True; no, n, false, 0 are False."""
    text, issues = clean(value)
    word = text.lower()
    if word in _TRUE or word == "1.0":
        return Standardized(True, issues)
    if word in _FALSE or word == "0.0":
        return Standardized(False, issues)
    if is_placeholder(text, certain=True):
        return no_value(value, text, issues)
    return dropped("boolean.unknown", "Neither yes nor no.", value, before=issues)
