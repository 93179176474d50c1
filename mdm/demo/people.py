"""Invented people: names, the forms systems write them in, and e-mail addresses."""

from dataclasses import dataclass
from functools import cache
from random import Random

from mdm.demo.names import slug
from mdm.demo.vocabulary import Country


@dataclass(frozen=True, slots=True)
class Person:
    """A person's given name as in the passport, the everyday form of it, and the family name."""

    given: str
    nick: str
    family: str

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}"


def make_person(rng: Random, country: Country) -> Person:
    """A person with a name usual in the country."""
    given = rng.choice(country.given)
    return Person(given, country.nicknames.get(given, given), rng.choice(country.surnames))


@cache
def _local_part(name: str) -> str:
    return slug(name)


def mailbox(person: Person, domain: str, *, style: int = 0) -> str:
    """An e-mail address at a domain: given.family, g.family or familyg."""
    given, family = _local_part(person.given), _local_part(person.family)
    local = (f"{given}.{family}", f"{given[:1]}.{family}", f"{family}{given[:1]}")[style]
    return f"{local}@{domain}"


def typo(rng: Random, text: str) -> str:
    """The text with two neighbouring letters swapped, one dropped, or one doubled; never unchanged."""
    places = [
        place for place in range(1, len(text) - 1) if text[place].isalpha() and text[place + 1].isalpha()
    ]
    if not places:
        return text + text[-1:]
    place, draw = rng.choice(places), rng.random()
    if draw < 0.4 and text[place] != text[place + 1]:
        return f"{text[:place]}{text[place + 1]}{text[place]}{text[place + 2 :]}"
    if draw < 0.7:
        return text[:place] + text[place + 1 :]
    return text[: place + 1] + text[place:]
