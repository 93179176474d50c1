"""Transforms that know a standard: dates, decimals, booleans, countries, currencies, telephone numbers."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
import pycountry

from apps.connectors.mappings.transforms import Transform, TransformError, as_text, register, shown

_YEARS = range(1900, 2200)
_TRUE = frozenset({"true", "yes", "y", "t", "1", "on", "x"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "off"})
# Names that people and vendors write and ISO 3166 does not list.
_COUNTRY_NAMES = {
    "uk": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "eng": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "usa": "US", "united states of america": "US", "america": "US",
    "south korea": "KR", "north korea": "KP", "russia": "RU", "holland": "NL", "the netherlands": "NL",
    "czech republic": "CZ", "deutschland": "DE", "schweiz": "CH", "suisse": "CH", "osterreich": "AT",
    "österreich": "AT", "espana": "ES", "españa": "ES", "italia": "IT", "uae": "AE", "turkey": "TR",
}  # fmt: skip
_MAX_DIGITS = 20


def _check_year(year: int, value: Any) -> None:
    if year not in _YEARS:
        raise TransformError(f"{shown(value)} is no date of this world: the year must be 1900 to 2199")


def _moment(value: Any, formats: list[str]) -> datetime | date:
    if isinstance(value, datetime | date):
        return value
    written = as_text(value).strip()
    for pattern in formats:
        try:
            return datetime.strptime(written, pattern)
        except ValueError:
            continue
    if not formats:
        try:
            return date.fromisoformat(written) if len(written) == 10 else datetime.fromisoformat(written)
        except ValueError:
            pass
    expected = " or ".join(formats) or "YYYY-MM-DD"
    raise TransformError(f"{shown(value)} is not a date written as {expected}")


@register("date")
def iso_date(argument: Any, options: Mapping[str, Any]) -> Transform:
    """To YYYY-MM-DD; the argument is a strptime pattern or a list of them, ISO 8601 without one."""
    formats = (
        [str(item) for item in argument]
        if isinstance(argument, list)
        else [str(argument)]
        if argument
        else []
    )

    def apply(value: Any) -> str:
        moment = _moment(value, formats)
        _check_year(moment.year, value)
        return (moment.date() if isinstance(moment, datetime) else moment).isoformat()

    return apply


@register("date_out")
def date_out(argument: Any, options: Mapping[str, Any]) -> Transform:
    """An ISO date to a target's pattern."""
    pattern = str(argument)
    return lambda value: date.fromisoformat(as_text(value)[:10]).strftime(pattern)


@register("timestamp")
def timestamp(argument: Any, options: Mapping[str, Any]) -> Transform:
    """To RFC 3339 in UTC; a time without a zone is taken as UTC."""
    formats = [str(argument)] if argument else []

    def apply(value: Any) -> str:
        moment = _moment(value, formats)
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        _check_year(moment.year, value)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.isoformat().replace("+00:00", "Z")

    return apply


def parse_decimal(value: Any, *, comma: bool = False) -> Decimal:
    """Read a number as people write it: grouped, in brackets when negative; refuse NaN and the like."""
    if isinstance(value, bool):
        raise TransformError(f"{shown(value)} is not a number")
    written = as_text(value).strip().replace(" ", "").replace("\u00a0", "")
    negative = written.startswith("(") and written.endswith(")")
    written = written.strip("()£$€")
    written = written.replace(".", "").replace(",", ".") if comma else written.replace(",", "")
    try:
        number = Decimal(written)
    except InvalidOperation:
        raise TransformError(f"{shown(value)} is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > _MAX_DIGITS:
        raise TransformError(f"{shown(value)} is out of range")
    return -number if negative else number


def plain(number: Decimal) -> str:
    """Write a decimal without exponent and without minus zero."""
    return format(number + 0 if number else abs(number), "f")


@register("decimal")
def decimal(argument: Any, options: Mapping[str, Any]) -> Transform:
    """To a decimal string; the argument is the number of places, `comma: true` reads 1.234,50."""
    quantum = None if argument is None else Decimal(1).scaleb(-int(argument))
    comma = bool(options.get("comma"))

    def apply(value: Any) -> str:
        number = parse_decimal(value, comma=comma)
        return plain(number if quantum is None else number.quantize(quantum, ROUND_HALF_UP))

    return apply


@register("scale")
def scale(argument: Any, options: Mapping[str, Any]) -> Transform:
    """Multiply by a factor: 0.01 turns cents into units."""
    factor = Decimal(str(argument))
    return lambda value: plain(parse_decimal(value) * factor)


@register("abs")
def absolute(argument: Any, options: Mapping[str, Any]) -> Transform:
    return lambda value: plain(abs(parse_decimal(value)))


@register("number")
def number(argument: Any, options: Mapping[str, Any]) -> Transform:
    """To a JSON number, for targets that take no decimal strings."""

    def apply(value: Any) -> int | float:
        parsed = parse_decimal(value)
        return int(parsed) if parsed == parsed.to_integral_value() else float(parsed)

    return apply


@register("integer")
def integer(argument: Any, options: Mapping[str, Any]) -> Transform:
    def apply(value: Any) -> int:
        parsed = parse_decimal(value)
        if parsed != parsed.to_integral_value() or abs(parsed) >= 2**63:
            raise TransformError(f"{shown(value)} is not a whole number")
        return int(parsed)

    return apply


@register("boolean")
def boolean(argument: Any, options: Mapping[str, Any]) -> Transform:
    def apply(value: Any) -> bool:
        word = as_text(value).strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise TransformError(f"{shown(value)} is neither yes nor no")

    return apply


@cache
def _countries() -> dict[str, str]:
    table = dict(_COUNTRY_NAMES)
    for country in pycountry.countries:
        names = (country.alpha_2, country.alpha_3, country.name, getattr(country, "common_name", ""),
                 getattr(country, "official_name", ""))  # fmt: skip
        table.update({name.lower(): country.alpha_2 for name in names if name})
    return table


@register("iso2")
def iso2(argument: Any, options: Mapping[str, Any]) -> Transform:
    """A country's name or code to ISO 3166 alpha-2."""

    def apply(value: Any) -> str:
        code = _countries().get(as_text(value).strip().rstrip(".").lower())
        if code is None:
            raise TransformError(f"{shown(value)} is not a country of ISO 3166")
        return code

    return apply


@cache
def _currencies() -> dict[str, str]:
    table = {"£": "GBP", "€": "EUR", "$": "USD"}
    for currency in pycountry.currencies:
        table.update(
            {name.lower(): currency.alpha_3 for name in (currency.alpha_3, currency.name, currency.numeric)}
        )
    return table


@register("iso4217")
def iso4217(argument: Any, options: Mapping[str, Any]) -> Transform:
    """A currency's code or name to ISO 4217 alpha-3."""

    def apply(value: Any) -> str:
        code = _currencies().get(as_text(value).strip().lower())
        if code is None:
            raise TransformError(f"{shown(value)} is not a currency of ISO 4217")
        return code

    return apply


@register("e164")
def e164(argument: Any, options: Mapping[str, Any]) -> Transform:
    """A telephone number to E.164; the argument is the country of numbers without a prefix."""

    def apply(value: Any) -> str:
        try:
            parsed = phonenumbers.parse(as_text(value), argument)
        except phonenumbers.NumberParseException:
            raise TransformError(f"{shown(value)} is not a telephone number") from None
        if not phonenumbers.is_possible_number(parsed):
            raise TransformError(f"{shown(value)} is not a possible telephone number")
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    return apply


@register("domain")
def domain(argument: Any, options: Mapping[str, Any]) -> Transform:
    """A web address or e-mail address to its bare domain."""

    def apply(value: Any) -> str | None:
        written = as_text(value).strip().lower().rsplit("@", 1)[-1]
        try:
            host = urlsplit(written if "//" in written else f"//{written}").hostname or ""
        except ValueError:
            host = ""
        host = host.removeprefix("www.").rstrip(".")
        if "." not in host:
            raise TransformError(f"{shown(value)} is not a web address")
        return host

    return apply
