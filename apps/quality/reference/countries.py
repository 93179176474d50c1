"""ISO 3166 countries by any common name or code, and the customs of countries that standardizers need."""

import gettext
import re
from functools import lru_cache

from unidecode import unidecode

from apps.quality.reference.country_names import OTHER_NAMES

LANGUAGES = ("de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "fi", "pl", "cs")
MONTH_FIRST = frozenset({"US", "PH", "PW", "FM", "MH", "GU", "PR", "AS", "VI", "MP"})
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Return a text as a look-up key: ASCII, lower case, letters and digits only."""
    if not text.isascii():
        text = unidecode(text)
    return _NOT_ALPHANUMERIC.sub("", text.lower().replace("&", "and"))


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    import pycountry  # loaded on first use to keep start-up short

    names: dict[str, str] = {}
    for code, texts in OTHER_NAMES.items():
        for text in texts.split("|"):
            names[plain(text)] = code
    for country in pycountry.countries:
        code = country.alpha_2
        for key in (code, country.alpha_3, country.numeric):
            names.setdefault(key.lower(), code)
        for attribute in ("name", "official_name", "common_name"):
            name = getattr(country, attribute, None)
            if name:
                names.setdefault(plain(name), code)
                names.setdefault(plain(name.split(",")[0]), code)
    for language in LANGUAGES:
        translation = gettext.translation(
            "iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True
        )
        for country in pycountry.countries:
            names.setdefault(plain(translation.gettext(country.name)), country.alpha_2)
    return names


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(_by_name().values())


def country_code(text: str) -> str | None:
    """Return the ISO 3166 alpha-2 code of a country's name or code, None when unknown."""
    if len(text) == 2 and text.isascii() and text.isupper() and text in _codes():
        return text
    return _by_name().get(plain(text)) if text else None


@lru_cache(maxsize=512)
def country_name(code: str) -> str:
    """Return the English name of an alpha-2 code, the code itself when it is unknown."""
    import pycountry  # loaded on first use to keep start-up short

    country = pycountry.countries.get(alpha_2=code)
    return str(getattr(country, "common_name", country.name)) if country else code
