"""Invented company names: the words they are made of and the name as registered."""

import re
import unicodedata
from dataclasses import dataclass
from random import Random

from mdm.demo.vocabulary import Country, firm_words

GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
LATIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "ı": "i", "đ": "d", "ß": "ss"})
NOT_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class CompanyName:
    """`brand` and `sector` make the stem, `form` lists spellings of the legal form, the registered first."""

    brand: str
    sector: str
    form: list[str]
    legal: str
    stem: str


def to_ascii(text: str, *, german: bool = False) -> str:
    """Letters without marks; German umlauts become ae, oe, ue when asked."""
    text = text.translate(GERMAN if german else LATIN)
    return unicodedata.normalize("NFKD", text.translate(LATIN)).encode("ascii", "ignore").decode()


def slug(text: str, joiner: str = "") -> str:
    """Lower-case ASCII letters and digits, words joined by `joiner`."""
    return NOT_WORD.sub(joiner, to_ascii(text, german=True).lower()).strip(joiner or "-")


def coined_word(rng: Random) -> str:
    """A brand made of two or three syllables."""
    syllables = firm_words().syllables
    return "".join(rng.choice(syllables) for _ in range(2 if rng.random() < 0.35 else 3)).capitalize()


def _brand(rng: Random, country: Country) -> str:
    draw = rng.random()
    if draw < 0.34:
        return coined_word(rng)
    if draw < 0.44:
        return f"{rng.choice(country.given).split()[0]} {rng.choice(country.surnames)}"
    if draw < 0.62:
        first, second = rng.choice(country.surnames), rng.choice(country.surnames)
        return f"{first} & {second}" if first != second else f"{first} & Co"
    if draw < 0.80:
        noun, other = rng.choice(country.nouns), rng.choice(country.nouns)
        return (
            f"{rng.choice(country.adjectives)} {noun} {other}"
            if noun != other
            else f"{noun} & {coined_word(rng)}"
        )
    if draw < 0.88:
        return f"{coined_word(rng)} {rng.choice(country.nouns)}"
    if draw < 0.95:
        return f"{rng.choice(country.cities).name} {coined_word(rng)}"
    return "".join(rng.choice("ABCDEFGHIKLMNPRSTVW") for _ in range(3))


def build_name(country: Country, brand: str, sector: str, form: list[str]) -> CompanyName:
    """Puts brand, sector and legal form in the country's order."""
    stem = f"{sector} {brand}" if country.sector_first else f"{brand} {sector}"
    stem = stem.strip()
    comma = "," if country.code == "US" and form[0] in ("Inc.", "LLC") else ""
    return CompanyName(brand, sector, form, f"{stem}{comma} {form[0]}", stem)


def company_name(rng: Random, country: Country) -> CompanyName:
    """A new company name of a country."""
    return build_name(country, _brand(rng, country), rng.choice(country.sectors), rng.choice(country.forms))


def sibling_name(rng: Random, country: Country, brand: str) -> CompanyName:
    """The name of a subsidiary: the group's brand with another sector, a place, or just another form."""
    form = rng.choice(country.forms)
    draw = rng.random()
    if draw < 0.6:
        return build_name(country, brand, rng.choice(country.sectors), form)
    if draw < 0.8:
        return build_name(country, brand, rng.choice(country.cities).name, form)
    return build_name(country, brand, f"({country.code})", form)


def near_name(rng: Random, country: Country, name: CompanyName) -> CompanyName:
    """Another company's name that differs from this one in a letter or in one word."""
    if rng.random() < 0.5:
        others = [word for word in country.sectors if word != name.sector]
        return build_name(country, name.brand, rng.choice(others), rng.choice(country.forms))
    letters = list(name.brand)
    places = [place for place, char in enumerate(letters) if char.islower()]
    if not places:
        return build_name(country, name.brand + " " + rng.choice(country.nouns), name.sector, name.form)
    place = rng.choice(places)
    letters[place] = rng.choice([char for char in "aeinorst" if char != letters[place]])
    return build_name(country, "".join(letters), name.sector, rng.choice(country.forms))


def domain_candidates(name: CompanyName, country: str) -> list[str]:
    """Domain labels a company would try to register, the most wanted first."""
    brand, stem = slug(name.brand), slug(name.stem)
    return [
        stem[:40],
        slug(name.stem, "-")[:50],
        f"{brand}-{country.lower()}",
        f"{stem[:38]}{country.lower()}",
    ]
