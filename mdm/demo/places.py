"""Addresses and phone numbers in each country's own form."""

from dataclasses import dataclass, field
from random import Random

from mdm.demo.seeds import PRIME
from mdm.demo.vocabulary import City, Country

LETTERS = "ABDEFGHJLNPQRSTUWXYZ"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `short` is line 1 with the street type abbreviated, `alias` the city's other name."""

    line1: str
    short: str
    line2: str
    city: str
    alias: str
    region: str
    postcode: str
    country: str


def fill(rng: Random, pattern: str) -> str:
    """Replaces '#' by a digit, '%' by a digit from 1, '@' by a letter."""
    made = []
    for char in pattern:
        if char == "#":
            made.append("0123456789"[int(rng.random() * 10)])
        elif char == "%":
            made.append("123456789"[int(rng.random() * 9)])
        elif char == "@":
            made.append(LETTERS[int(rng.random() * 20)])
        else:
            made.append(char)
    return "".join(made)


def make_address(rng: Random, country: Country, city: City) -> Address:
    """A street address in a city."""
    street, (kind, short) = rng.choice(country.streets), rng.choice(country.street_types)
    number = int(rng.random() ** 2 * (4000 if country.code == "US" else 240)) + 1
    line2 = fill(rng, rng.choice(country.second_lines)) if rng.random() < 0.25 else ""
    shape = country.street_format
    return Address(
        line1=shape.format(no=number, name=street, type=kind),
        short=shape.format(no=number, name=street, type=short),
        line2=line2,
        city=city.name,
        alias=city.alias,
        region=city.region,
        postcode=fill(rng, city.postcode),
        country=country.code,
    )


def _numbered(pattern: str, serial: int) -> str | None:
    """Fills the '#' of a pattern with distinct digits per serial; None when the pattern is used up."""
    width = pattern.count("#")
    capacity = 10**width
    if serial >= capacity:
        return None
    digits = iter(f"{(serial * PRIME + 37) % capacity:0{width}d}")
    return "".join(next(digits) if char == "#" else char for char in pattern)


@dataclass(slots=True)
class PhoneBook:
    """Hands out phone numbers by city, those reserved for fiction first, none twice until a range is full."""

    _given: dict[str, int] = field(default_factory=dict)

    def next_number(self, city: City) -> str:
        """The next number of a city in international form, digits grouped as written there."""
        for pattern in (city.fiction_phone, city.phone):
            serial = self._given.get(pattern, 0)
            if pattern and (number := _numbered(pattern, serial)):
                self._given[pattern] = serial + 1
                return number
        self._given[city.phone] = 0
        return self.next_number(city)


def e164(phone: str) -> str:
    """The number without blanks."""
    return phone.replace(" ", "")


def national(phone: str, country: Country) -> str:
    """The number as dialled inside its country."""
    return phone.replace(f"+{country.dial} ", country.trunk, 1)
