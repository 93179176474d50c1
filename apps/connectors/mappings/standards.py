"""Transforms of dates, numbers and booleans."""

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from apps.connectors.mappings.transforms import Transform, TransformError, as_text, register, shown

_YEARS = range(1900, 2200)
_TRUE = frozenset({"true", "yes", "y", "t", "1", "on", "x"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "off"})
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


@register("month_start")
def month_start(argument: Any, options: Mapping[str, Any]) -> Transform:
    """The first day of a month written 2026-05."""
    return lambda value: _month(value).isoformat()


@register("month_end")
def month_end(argument: Any, options: Mapping[str, Any]) -> Transform:
    """The last day of a month written 2026-05."""

    def apply(value: Any) -> str:
        first = _month(value)
        return first.replace(day=calendar.monthrange(first.year, first.month)[1]).isoformat()

    return apply


def _month(value: Any) -> date:
    try:
        first = date.fromisoformat(f"{as_text(value).strip()}-01")
    except ValueError:
        raise TransformError(f"{shown(value)} is not a month written as YYYY-MM") from None
    _check_year(first.year, value)
    return first
