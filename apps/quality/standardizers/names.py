"""Standardize names of organisations and of people, keeping them as their bearers write them."""

import re
from functools import lru_cache
from typing import Any

from apps.quality.contracts import Issue, Near, Standardized
from apps.quality.reference.words import SMALL_WORDS, words
from apps.quality.standardizers.base import dropped, found, standardizer
from apps.quality.standardizers.casing import repair_case, shouts, title_word, word_case
from apps.quality.standardizers.cleaning import clean, is_placeholder, no_value, straighten
from apps.quality.standardizers.text import cleaned_value

_EDGES = " ,;:|*_~"
_TRADING_AS = re.compile(r"\b(?:t/a|trading as|d/b/a|dba|doing business as)\b", re.IGNORECASE)
_SIMPLE_PERSON = re.compile(r"[A-Z][a-z]+(?:[ -][A-Z][a-z]+)? (?:[A-Z]\.? )?(?:O'|Mc)?[A-Z][a-z]+")
_LETTER = re.compile(r"[^\W\d_]")
_HONORIFICS = words(
    """
    mr mrs ms miss mx dr prof professor sir dame lady lord rev reverend herr frau mme mlle ing dipl
    """
)
_SUFFIXES = words(
    """
    jr sr ii iii iv phd md esq mba obe mbe cbe aca acca fca qc kc
    """
)
_BEYOND_LATIN = "\u0250"
_STEPS = 4
_LONGEST = 240  # nobody parses more; the attribute will refuse it


@standardizer("organisation_name")
def organisation_name(value: str, near: Near) -> Standardized:
    """An organisation's display name: one line, straight quotes, shouted names in title case."""
    result = cleaned_value(value)
    if result.value is None:
        return result
    name, issues = _trimmed(straighten(str(result.value))), result.issues
    if is_placeholder(name):
        return no_value(value, name or value, issues)
    repaired = repair_case(name)
    if repaired != name:
        issues = (*issues, found("name.case", "The name was written in capitals.", value, "info"))
    if _TRADING_AS.search(repaired):
        issues = (*issues, found("name.trading_as", "The name holds a trading name too.", value, "info"))
    return Standardized(repaired, issues)


def _trimmed(name: str) -> str:
    """Return a name without punctuation and one pair of quotes around it."""
    before = ""
    while name != before:
        before = name
        name = name.strip(_EDGES)
        if len(name) > 2 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1]
    return name


@lru_cache(maxsize=1)
def _parser() -> tuple[Any, Any]:
    from nameparser import HumanName  # loaded on first use to keep start-up short
    from nameparser.config import Constants

    return HumanName, Constants(titles=sorted(_HONORIFICS))


def _parsed_person(name: str) -> str:
    """Return first, middle and last name and suffix, in this order and usual case."""
    human_name, constants = _parser()
    parsed = human_name(name, constants=constants)
    parsed.capitalize(force=False)
    last = str(parsed.last)
    if len(last) > 3 and shouts(last) and not str(parsed.first).isupper():
        last = " ".join(map(word_case, last.split()))
    parts = (str(parsed.first), str(parsed.middle), last, str(parsed.suffix).replace(",", ""))
    return clean(" ".join(part for part in parts if part))[0]


def _is_plain(name: str) -> bool:
    if not _SIMPLE_PERSON.fullmatch(name):
        first, _, last = name.partition(" ")
        return not name.isascii() and _are_usual(first, last)
    words = name.lower().replace("-", " ").split()
    return words[0] not in _HONORIFICS and words[-1] not in _SUFFIXES


def _turned(name: str) -> str | None:
    """Return "Juan Vega" for "Vega, Juan"; None for what only the parser, which is dear, can tell."""
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma and _are_usual(first, last) else None


def _are_usual(*names: str) -> bool:
    """Tell whether these are single Latin names in usual case, none a title, suffix, particle or conjunction."""
    for name in names:
        if not (len(name) > 1 and name.isalpha() and name.istitle() and max(name) < _BEYOND_LATIN):
            return False
        if name.lower() in _told_apart():
            return False
    return True


@lru_cache(maxsize=1)
def _told_apart() -> frozenset[str]:
    """Return the words that the parser does not take for names."""
    _, constants = _parser()
    sets = (
        constants.prefixes,
        constants.conjunctions,
        constants.suffix_acronyms,
        constants.suffix_not_acronyms,
    )
    return frozenset(_HONORIFICS).union(_SUFFIXES, SMALL_WORDS, *sets)


@standardizer("person_name")
def person_name(value: str, near: Near) -> Standardized:
    """A person's full name, first name first, without titles: "DR. DE LA VEGA, JUAN" is "Juan de la Vega"."""
    text, issues = clean(value)
    if _is_plain(text):
        return Standardized(text, issues)
    result = _person_text(value, text, issues)
    if result.value is None or len(result.value) > _LONGEST or not re.search("[A-Za-z]", result.value):
        return result
    name = str(result.value)
    if turned := _turned(name):
        return Standardized(turned, result.issues)
    for _ in range(_STEPS):
        if _is_plain(name):
            return Standardized(name, result.issues)
        parsed = _parsed_person(name).strip(_EDGES)
        if parsed == name or is_placeholder(parsed) or not _LETTER.search(parsed):
            return Standardized(name, result.issues)
        name = parsed
    return result  # the parser does not come to rest: leave the name as it was written


def _person_text(raw: str, text: str, issues: tuple[Issue, ...]) -> Standardized:
    """Return the text to parse, or nothing for placeholders; "Null" in title case is a surname."""
    name = straighten(text).strip(_EDGES)
    for part in (text, name):
        if is_placeholder(part) and part != "Null" and (part or not text):
            return no_value(raw, part, issues)
    if "@" in name or not _LETTER.search(name):
        return dropped("person_name.not_a_name", "This is not a person's name.", raw, "downgrade", issues)
    if any(map(str.isdigit, name)):
        issues = (*issues, found("person_name.digits", "A person's name holds digits.", raw, "warn"))
    return Standardized(name, issues)


@standardizer("name_part")
def name_part(value: str, near: Near) -> Standardized:
    """A given or family name alone, in usual case."""
    text, issues = clean(value)
    result = _person_text(value, text, issues)
    if result.value is None:
        return result
    name = str(result.value)
    if len(name) > 1 and (name.isupper() or name.islower()):
        words = [title_word(word) for word in name.replace("-", "- ").split()]
        words[:-1] = [word.lower() if word.lower() in SMALL_WORDS else word for word in words[:-1]]
        name = clean(" ".join(words).replace("- ", "-"))[0]
    return Standardized(name, result.issues)
