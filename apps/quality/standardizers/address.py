"""Standardize postal addresses: country, postcode and region by the country's rules, usual case of lines."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apps.quality.contracts import Issue, Near, Severity, Standardized
from apps.quality.reference import postcodes
from apps.quality.reference.counties import is_british_county
from apps.quality.reference.countries import country_code, plain
from apps.quality.reference.words import SMALL_WORDS, words
from apps.quality.standardizers.base import CACHED_CHARACTERS, found, item_standardizer, text_of
from apps.quality.standardizers.casing import repair_case, title_word
from apps.quality.standardizers.cleaning import clean, is_placeholder, straighten

COLUMNS = ("line1", "line2", "city", "region", "postcode", "country")
_EDGES = " ,;|"
_BREAKS = re.compile(r"[\r\n]+")
_COMMAS = re.compile(r"\s*,[\s,]*")
_TOKEN = re.compile(r"[^\s\-/(),]+")
_PLACE_WORDS = SMALL_WORDS | words(
    """
    upon under sur sous am im aan bei next juxta cum
    """
)
_HOME_NATIONS = frozenset({"england", "scotland", "wales", "northernireland", "cymru"})


@item_standardizer("address", owns=COLUMNS)
def address(item: Mapping[str, Any], near: Near) -> Standardized:
    """{line1, line2, city, region, postcode, country} in the form of its country; other columns stay.

    A postcode its country cannot have is dropped, an unknown region stays as text. An address of which
    nothing is left is None.
    """
    texts = tuple([text_of(item.get(name)) or "" for name in COLUMNS])
    if len("".join(texts)) > CACHED_CHARACTERS * 4:
        issue = found("address.too_long", "A column holds more than an address line.", max(texts, key=len))
        return Standardized(None, (issue,))
    values, issues = _standardize(texts, near.country)
    if values is None:
        return Standardized(None, issues)
    standard = dict(item)
    for name, value in values:
        if value is not None or name in item:
            standard[name] = value
    return Standardized(standard, issues)


Columns = tuple[tuple[str, str | None], ...]


@lru_cache(maxsize=16_384)
def _standardize(texts: tuple[str, ...], near: str | None) -> tuple[Columns | None, tuple[Issue, ...]]:
    issues: list[Issue] = []
    line1, line2, city, region, postcode = [
        _line(text, name, issues) if text else None for text, name in zip(texts, COLUMNS[:5], strict=False)
    ]
    if line1 and not (city or region or postcode):
        line1, city, region, postcode = _split(line1, texts[5] or near or "GB", issues)
    line1 = repair_case(line1) if line1 else None
    line2 = repair_case(line2) if line2 else None
    if not line1 and line2:
        line1, line2 = line2, None
    city = place_case(city) if city else None
    country = _country(texts[5], near, region, postcode, issues)
    if country and postcode:
        postcode = _postcode(country, postcode, issues)
    elif postcode:
        postcode = postcode.upper()
    if region:
        region = _region(country, region, postcode, issues)
    if not (line1 or city or region or postcode):
        return None, tuple(issues)
    columns = dict(zip(COLUMNS, (line1, line2, city, region, postcode, country), strict=True))
    if country and (line1 or city):
        _note_missing(country, columns, issues)
    return tuple(columns.items()), tuple(issues)


def _line(text: str, name: str, issues: list[Issue]) -> str | None:
    cleaned, remarks = clean(_BREAKS.sub(", ", text))
    if remarks:
        issues.extend([Issue(i.code, name, i.severity, i.message, i.value) for i in remarks])
    line = straighten(cleaned)
    if "," in line:
        line = _COMMAS.sub(", ", line)
    line = line.strip(_EDGES)
    return None if is_placeholder(line) else line


def _split(line: str, country: str, issues: list[Issue]) -> tuple[str | None, ...]:
    """Return street, city, county and postcode of a British address that was written in one line.

    "21 St Agnes Road, Birmingham B13 9PH, UK" has three of them; other lines are left as they are.
    """
    match = postcodes.british_in(line) if country_code(country) == "GB" else None
    if match is None:
        return line, None, None, None
    before, after = line[: match.start()].strip(_EDGES), line[match.end() :].strip(_EDGES)
    if after and country_code(after) != "GB":
        return line, None, None, match[0]
    parts = [part for part in _COMMAS.split(before) if part and country_code(part) != "GB"]
    _add(issues, "line1", "address.split", "Street, city and postcode stood in one line.", line, "info")
    county = parts.pop() if len(parts) > 2 and is_british_county(parts[-1]) else None
    city = parts.pop() if len(parts) > 1 and not any(map(str.isdigit, parts[-1])) else None
    return ", ".join(parts) or None, city, county, match[0]


@lru_cache(maxsize=8192)
def place_case(text: str) -> str:
    """Return a place in usual case: "STOKE-ON-TRENT" and "stoke-on-trent" are "Stoke-on-Trent"."""
    if not (text.isupper() or text.islower()) or len(text) < 3:
        return text

    def change(match: re.Match[str]) -> str:
        word = match[0].upper().lower()  # a Turkish ı becomes the i that its capital is read as
        return word if match.start() and word in _PLACE_WORDS else title_word(match[0])

    return clean(_TOKEN.sub(change, text))[0]


def _add(issues: list[Issue], name: str, code: str, message: str, value: object, severity: Severity) -> None:
    issues.append(found(code, message, value, severity, name))


def _country(
    text: str, near: str | None, region: str | None, postcode: str | None, issues: list[Issue]
) -> str | None:
    named = clean(text)[0]
    if not is_placeholder(named, certain=True):
        if code := country_code(named):
            return code
        _add(issues, "country", "country.unknown", "No country has this name or code.", text, "downgrade")
    if region and plain(region) in _HOME_NATIONS:
        return "GB"
    if near:
        return near
    if postcode and postcodes.looks_british(postcode):
        _add(
            issues,
            "country",
            "address.country_inferred",
            "The country was found by the postcode.",
            postcode,
            "info",
        )
        return "GB"
    return None


def _postcode(country: str, text: str, issues: list[Issue]) -> str | None:
    written, padded = postcodes.written(country, text)
    if padded:
        _add(issues, "postcode", "postcode.padded", "Leading zeros were missing.", text, "info")
    if postcodes.is_valid(country, written):
        return written
    _add(issues, "postcode", "postcode.invalid", f"{country} has no such postcodes.", text, "downgrade")
    return None


def _region(country: str | None, text: str, postcode: str | None, issues: list[Issue]) -> str:
    if country is None:
        return place_case(text)
    code, listed = postcodes.region_code(country, text)
    if code is None:
        if listed:
            _add(issues, "region", "region.unknown", f"{country} has no region of this name.", text, "info")
        return place_case(text)
    if postcode and not postcodes.in_region(country, code, postcode):
        _add(issues, "postcode", "postcode.other_region", f"{code} has no such postcodes.", postcode, "warn")
    return code


def _note_missing(country: str, columns: Mapping[str, str | None], issues: list[Issue]) -> None:
    missing = [name for name in postcodes.required_columns(country) if not columns[name]]
    if missing:
        _add(
            issues,
            missing[0],
            "address.incomplete",
            f"{country} addresses need: {', '.join(missing)}.",
            None,
            "info",
        )
