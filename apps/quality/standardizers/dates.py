"""Standardize dates to ISO 8601 and timestamps to RFC 3339 in UTC."""

import re
from datetime import UTC, date, datetime, timedelta

from apps.quality.contracts import Issue, Near, Standardized
from apps.quality.reference.countries import MONTH_FIRST
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_PARTS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?:[t ,].*)?")
_NAMED = re.compile(
    r"(?:[a-z]{3,9}\.?,? )?(\d{1,2})(?:st|nd|rd|th)?[-/. ,]*([a-z]{3,9})\.?[-/. ,]*(\d{4}|\d{2})(?: .*)?"
)
_NAMED_FIRST = re.compile(r"(?:[a-z]{3,9}\.?,? )?([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?: .*)?")
_SERIAL = re.compile(r"([1-9]\d{4})(?:\.\d+)?")
_EPOCH = re.compile(r"(?:/date\()?(-?\d{12,14})(?:[+-]\d{4})?(?:\)/)?")
_SECONDS = re.compile(r"\d{10}")
_NOT_A_DATE = re.compile(
    r"(?:0{1,4}|9999)(?:\D.*)?|0{4}[0-9]*|9999\d{4}|(?:\d{1,2}\D){2}(?:0000|9999)(?:\D.*)?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier", "feb february februar fevrier", "mar march marz mars",
            "apr april avril", "may mai mayo", "jun june juni juin", "jul july juli juillet",
            "aug august aout", "sep sept september", "oct october okt oktober octobre", "nov november novembre",
            "dec december dez dezember decembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_LONGEST = 60
EXCEL_EPOCH = date(1899, 12, 30)
FIRST_YEAR, LAST_YEAR = 1900, 2200


def _order(near: Near) -> str | None:
    if near.date_order:
        return near.date_order
    if near.country:
        return "mdy" if near.country in MONTH_FIRST else "dmy"
    return None


def _century(year: str) -> int:
    """Return a year of four digits; two digits mean 1970 to 2069."""
    number = int(year)
    return number if len(year) == 4 else number + (1900 if number >= 70 else 2000)


def _by_numbers(match: re.Match[str], near: Near, raw: str) -> tuple[date, tuple[Issue, ...]]:
    first, second, year = int(match[1]), int(match[2]), _century(match[3])
    issues: tuple[Issue, ...] = ()
    if len(match[3]) == 2:
        issues = (found("date.two_digit_year", f"The year is taken to be {year}.", raw, "info"),)
    order = _order(near)
    if first > 12 or second > 12 or first == second:
        month_first = second > 12
    else:
        month_first = order == "mdy"
        if order is None:
            text = "Day and month could be swapped; day first is assumed."
            issues = (*issues, found("date.ambiguous", text, raw, "warn"))
    day, month = (second, first) if month_first else (first, second)
    return date(year, month, day), issues


def _by_name(day: str, month: str, year: str) -> tuple[date, tuple[Issue, ...]]:
    number = _MONTHS.get(month)
    if number is None:
        raise ValueError(month)
    return date(_century(year), number, int(day)), ()


def _parse(text: str, near: Near, raw: str) -> tuple[date, tuple[Issue, ...]] | None:
    """Return the date a lower-case text writes; None without the form of a date, ValueError for Feb 30."""
    if match := _ISO.fullmatch(text) or _COMPACT.fullmatch(text):
        year, second, third = int(match[1]), int(match[2]), int(match[3])
        return date(year, second, third), ()
    if match := _PARTS.fullmatch(text):
        return _by_numbers(match, near, raw)
    if match := _NAMED.fullmatch(text):
        return _by_name(match[1], match[2], match[3])
    if match := _NAMED_FIRST.fullmatch(text):
        return _by_name(match[2], match[1], match[3])
    if match := _SERIAL.fullmatch(text):
        issue = found("date.serial", "A spreadsheet's day number.", raw, "info")
        return EXCEL_EPOCH + timedelta(days=int(match[1])), (issue,)
    if match := _EPOCH.fullmatch(text):
        return (datetime(1970, 1, 1) + timedelta(milliseconds=int(match[1]))).date(), ()
    return None


@standardizer("date", uses=("country", "date_order"))
def iso_date(value: str, near: Near) -> Standardized:
    """ "31/01/2026", "31 Jan 2026", "46053" are "2026-01-31"; day or month first by layout, then country."""
    text, issues = clean(value)
    text = text.lower()
    if is_placeholder(text):
        return no_value(value, text, issues)
    if len(text) > _LONGEST:
        return dropped("date.format", "This is not a date.", value, before=issues)
    if _NOT_A_DATE.fullmatch(text):
        return dropped("date.open", "A filler that means no date.", value, "info", issues)
    try:
        parsed = _parse(text, near, value)
    except (ValueError, OverflowError):
        return dropped("date.impossible", "There is no such day.", value, before=issues)
    if parsed is None:
        return dropped("date.format", "This is not a date.", value, before=issues)
    day, remarks = parsed
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return dropped(
            "date.out_of_range", f"Not between {FIRST_YEAR} and {LAST_YEAR}.", value, before=issues
        )
    return Standardized(day.isoformat(), (*issues, *remarks))


def _moment(text: str, near: Near, raw: str) -> tuple[datetime, tuple[Issue, ...]] | None:
    if match := _EPOCH.fullmatch(text.lower()):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match[1])), ()
    if _SECONDS.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text)), ()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        if len(text) > 10 and _ISO.fullmatch(text.lower()):
            raise  # an ISO date whose time is none
        parsed = _parse(text.lower(), near, raw)
        if parsed is None:
            return None
        day, issues = parsed
        clock = re.search(r"[T ,](\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?$", text, re.IGNORECASE)
        hour, minute, second = (int(part or 0) for part in clock.group(1, 2, 3)) if clock else (0, 0, 0)
        if clock and clock[4]:
            hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC), issues
    if moment.tzinfo is None:
        issue = found("timestamp.no_zone", "No time zone; UTC is assumed.", raw, "info")
        return moment.replace(tzinfo=UTC), (issue,) if len(text) > 10 else ()
    return moment, ()


@standardizer("timestamp", uses=("country", "date_order"))
def timestamp(value: str, near: Near) -> Standardized:
    """A moment in UTC, to the second: "2026-01-31T13:00:00+01:00" is "2026-01-31T12:00:00Z"."""
    text, issues = clean(value)
    if is_placeholder(text):
        return no_value(value, text, issues)
    if len(text) > _LONGEST:
        return dropped("timestamp.format", "This is not a time.", value, before=issues)
    if _NOT_A_DATE.fullmatch(text):
        return dropped("timestamp.open", "A filler that means no time.", value, "info", issues)
    try:
        parsed = _moment(text, near, value)
        moment = parsed[0].astimezone(UTC) if parsed else None
    except (ValueError, OverflowError):
        return dropped("timestamp.impossible", "There is no such time.", value, before=issues)
    if parsed is None or moment is None:
        return dropped("timestamp.format", "This is not a time.", value, before=issues)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return dropped(
            "timestamp.out_of_range", f"Not between {FIRST_YEAR} and {LAST_YEAR}.", value, before=issues
        )
    return Standardized(moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z", (*issues, *parsed[1]))
