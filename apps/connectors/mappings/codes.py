"""Transforms that know a register: countries, currencies, telephone numbers, web domains."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
import pycountry

from apps.connectors.mappings.transforms import Transform, TransformError, as_text, register, shown

# Names that people and vendors write and ISO 3166 does not list.
_COUNTRY_NAMES = {
    "uk": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "eng": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "usa": "US", "united states of america": "US", "america": "US",
    "south korea": "KR", "north korea": "KP", "russia": "RU", "holland": "NL", "the netherlands": "NL",
    "czech republic": "CZ", "deutschland": "DE", "schweiz": "CH", "suisse": "CH", "osterreich": "AT",
    "österreich": "AT", "espana": "ES", "españa": "ES", "italia": "IT", "uae": "AE", "turkey": "TR",
}  # fmt: skip


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
