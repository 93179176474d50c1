"""Word lists of the demo firm: one TOML file per country and one for the firm itself."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "vocabulary"
COUNTRY_CODES = ("GB", "DE", "US", "FR", "NL", "ES", "IT", "SE", "PL", "AT")


@dataclass(frozen=True, slots=True)
class City:
    """A city with its other spelling and the patterns of its postcodes and phone numbers."""

    name: str
    alias: str
    region: str
    postcode: str
    fiction_phone: str
    phone: str


@dataclass(frozen=True, slots=True)
class Country:
    """All words of one country; `forms` are legal forms, the registered spelling first."""

    code: str
    weight: int
    currency: str
    dial: str
    trunk: str
    sector_first: bool
    given: list[str]
    surnames: list[str]
    sectors: list[str]
    adjectives: list[str]
    nouns: list[str]
    streets: list[str]
    street_types: list[list[str]]
    street_format: str
    second_lines: list[str]
    forms: list[list[str]]
    cities: list[City]
    abbreviations: dict[str, str]
    nicknames: dict[str, str]


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """One company of the firm, its currency, its NetSuite subsidiary and its tax code."""

    code: str
    name: str
    country: str
    currency: str
    netsuite_id: int
    tax: str
    tax_rate: int
    serves: list[str]


@dataclass(frozen=True, slots=True)
class FirmWords:
    """Words and reference rows of the firm: legal entities, service lines, roles, skills."""

    name: str
    syllables: list[str]
    free_mail: list[str]
    segments: list[str]
    payment_terms: list[str]
    roles: list[str]
    role_bill_rates: list[int]
    regions: list[str]
    skills: list[str]
    topics: list[str]
    stages: list[str]
    project_parts: list[str]
    industries: list[dict[str, str]]
    service_lines: list[dict[str, str]]
    legal_entities: list[LegalEntity]


def _read(name: str) -> dict[str, Any]:
    with (FOLDER / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def countries() -> dict[str, Country]:
    """Countries by ISO code, in a fixed order."""
    found = {}
    for code in COUNTRY_CODES:
        words = _read(code.lower())
        words["cities"] = [City(*row) for row in words["cities"]]
        found[code] = Country(**words)
    return found


@cache
def country_draw() -> tuple[Country, ...]:
    """Each country as often as its weight, so that one `choice` draws by weight."""
    return tuple(country for country in countries().values() for _ in range(country.weight))


@cache
def firm_words() -> FirmWords:
    """The words of the firm itself."""
    words = _read("firm")
    words["legal_entities"] = [LegalEntity(**row) for row in words["legal_entities"]]
    return FirmWords(**words)


@cache
def entity_serving(country: str) -> LegalEntity:
    """The legal entity that sells to customers of a country; KeyError when none does."""
    for entity in firm_words().legal_entities:
        if country in entity.serves:
            return entity
    raise KeyError(country)


@cache
def entity_of(code: str) -> LegalEntity:
    """The legal entity with this code; KeyError when there is none."""
    for entity in firm_words().legal_entities:
        if entity.code == code:
            return entity
    raise KeyError(code)
