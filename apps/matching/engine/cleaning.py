"""Cleaners: how raw spellings of one semantic type become comparable values; one decorated function each.

A cleaner gets the distinct raw strings of a column and returns one clean string each, "" for no value.
"""

import re
from collections.abc import Callable
from functools import cached_property

from . import vocabulary as known
from .institutions import institution
from .text import unaccent, without_umlaut_e, words


class Raw:
    """Distinct raw strings of a column, with the foldings that several cleaners share."""

    def __init__(self, values: list[str]) -> None:
        self.values = ["" if known.says_nothing(v) else v for v in values]

    @cached_property
    def folded(self) -> list[str]:
        return words(self.values)

    @cached_property
    def organisations(self) -> tuple[list[str], list[str]]:
        """Names without legal form, and the legal forms ("" where none is written)."""
        split = [_split_form(v) for v in words([institution(v) for v in self.values])]
        names = without_umlaut_e([" ".join(n) for n, _ in split])
        return names, [f for _, f in split]

    @cached_property
    def streets(self) -> list[str]:
        return without_umlaut_e(_streets(self.folded))


Cleaner = Callable[[Raw], list[str]]
CLEANERS: dict[str, Cleaner] = {}


def cleaner(*types: str) -> Callable[[Cleaner], Cleaner]:
    """Register the cleaner of one or more semantic types; a type has one cleaner."""

    def register(function: Cleaner) -> Cleaner:
        for name in types:
            if name in CLEANERS:
                raise ValueError(f"semantic type {name!r} has a cleaner already")
            CLEANERS[name] = function
        return function

    return register


_NOISE = re.compile(
    r" (?:accounts? payable|accounts? receivable|head office|headquarters|hq|finance dept|finance department)$"
)


_NOISE_ENDS = frozenset(["payable", "receivable", "office", "headquarters", "hq", "dept", "department"])


def _split_form(folded: str) -> tuple[list[str], str]:
    text = _NOISE.sub("", folded) if folded.rpartition(" ")[2] in _NOISE_ENDS else folded
    tokens = text.split()
    form = ""
    while len(tokens) > 1 and (sizes := known.LEGAL_SIZES.get(tokens[-1])):
        for size in sizes:
            if size < len(tokens) and (found := known.LEGAL_FORMS.get(" ".join(tokens[-size:]))):
                form = found
                del tokens[-size:]
                break
        else:
            break
    canonical = known.ORGANISATION_WORDS
    kept = [canonical.get(t, t) for t in tokens if t not in known.CONNECTIVES]
    return kept or tokens or text.split(), form


_STREET_END = re.compile(r"(?<=[a-z]{3})(?:strasse|straat|str)\b")
_UNIT = re.compile(
    r"\b(?:unit|suite|ste|apt|apartment|room|rm|flat|level|lvl) ?#?\d+[a-z]?\b"
    r"|\b(?:\d+(?:st|nd|rd|th) floor|c o \w+)\b"
)


def _streets(folded: list[str]) -> list[str]:
    lines = _STREET_END.sub(" st", _UNIT.sub(" ", "\n".join(folded))).split("\n") if folded else []
    table = known.STREET_WORDS
    return [" ".join([table.get(t, t) for t in line.split()]) for line in lines]


@cleaner("organisation_name")
def organisation_name(raw: Raw) -> list[str]:
    return raw.organisations[0]


@cleaner("legal_form")
def legal_form(raw: Raw) -> list[str]:
    return raw.organisations[1]


@cleaner("person_name")
def person_name(raw: Raw) -> list[str]:
    """Name words without titles; "Mackay, D. Scott" is read as "d scott mackay"."""
    turned = []
    for value in raw.values:
        head, comma, tail = value.partition(",")
        turned.append(f"{tail} {head}" if comma and "," not in tail and " " not in head.strip() else value)
    cleaned = without_umlaut_e(words(turned))
    return [" ".join([t for t in v.split() if t not in known.TITLES]) or v for v in cleaned]


@cleaner("given_name", "family_name")
def part_of_name(raw: Raw) -> list[str]:
    return without_umlaut_e(raw.folded)


@cleaner("free_text", "region")
def free_text(raw: Raw) -> list[str]:
    return raw.folded


@cleaner("people")
def people(raw: Raw) -> list[str]:
    """Names of several people, initials apart ("D. L. Davison" is "d l davison"), without "et al."."""
    folded = words([v.replace(".", " ") for v in raw.values])
    return [re.sub(r" et al$| and others$|^none$", "", v) for v in folded]


@cleaner("street")
def street(raw: Raw) -> list[str]:
    return raw.streets


_NUMBER = re.compile(r"(?<![a-z0-9])\d+[a-z]?(?![a-z0-9])")


@cleaner("house_number")
def house_number(raw: Raw) -> list[str]:
    return [m.group() if (m := _NUMBER.search(v)) else "" for v in raw.streets]


@cleaner("city")
def city(raw: Raw) -> list[str]:
    names = known.CITY_NAMES
    return [names.get(v, v) for v in without_umlaut_e([names.get(v, v) for v in raw.folded])]


@cleaner("country")
def country(raw: Raw) -> list[str]:
    return [known.COUNTRIES.get(v, v) for v in raw.folded]


@cleaner("postcode")
def postcode(raw: Raw) -> list[str]:
    out = []
    # ZIP+4 and floats of spreadsheets ("60302.0") come down to the plain code.
    for value, folded in zip(raw.values, raw.folded, strict=True):
        text = folded.replace(" ", "")
        text = text.removesuffix("0") if value.endswith(".0") else text
        out.append(text[:5] if len(text) == 9 and text.isdecimal() else text)
    return out


_EXTENSION = re.compile(r"(?:ext|x)\.? ?\d")
_NOT_DIGIT = re.compile(r"\D+")
_WITHOUT_LETTERS = str.maketrans({chr(c): None for c in range(128) if not chr(c).isdigit()})


@cleaner("phone")
def phone(raw: Raw) -> list[str]:
    """Last nine digits (fewer when written locally); country and trunk prefixes fall away."""
    out = []
    for value in raw.values:
        text = value.lower()
        text = (_EXTENSION.split(text, 1)[0] if "x" in text else text).replace("(0)", "")
        number = text.translate(_WITHOUT_LETTERS) if text.isascii() else _NOT_DIGIT.sub("", text)
        number = (number.removesuffix("0") if value.endswith(".0") else number).lstrip("0")
        out.append(number[-9:] if len(number) >= 5 else "")
    return out


@cleaner("email")
def email(raw: Raw) -> list[str]:
    """Lower case; an office name at a mail provider ("info@gmail.com") belongs to nobody in particular."""
    out = []
    for value in unaccent(raw.values):
        text = value.strip().removeprefix("mailto:")
        box, _, host = text.partition("@")
        nobody = host in known.FREE_MAIL and box in known.ROLE_MAILBOXES
        out.append(text if "@" in text and not nobody else "")
    return out


_HOST = re.compile(r"^(?:[a-z]+://)?(?:[^@/]*@)?(?:www\d?\.)?([^/:?#\s]+)")


def registered_domain(host: str) -> str:
    """ "shop.example.co.uk" -> "example.co.uk"."""
    parts = host.strip(".").split(".")
    keep = 3 if len(parts) > 2 and parts[-2] in known.SECOND_LEVEL and len(parts[-1]) == 2 else 2
    return ".".join(parts[-keep:])


@cleaner("domain")
def domain(raw: Raw) -> list[str]:
    """Registered domain of an address or e-mail; mail providers open to anybody say nothing."""
    out = []
    for value in unaccent(raw.values):
        found = _HOST.match(value.strip())
        host = registered_domain(found.group(1)) if found else ""
        out.append("" if host in known.FREE_MAIL or "." not in host else host)
    return out


_ISO = re.compile(r"^(\d{4})\D?(\d{1,2})\D?(\d{1,2})(?:\D|$)")
_DAY_FIRST = re.compile(r"^(\d{1,2})\D(\d{1,2})\D(\d{4})(?:\D|$)")


@cleaner("date")
def date(raw: Raw) -> list[str]:
    """Digits in the order year, month, day; of a date written day/month/year the day is taken to come first."""
    out = []
    for value in raw.values:
        text = value.strip()
        if found := _ISO.match(text):
            out.append(f"{found[1]}{found[2]:0>2}{found[3]:0>2}")
        elif found := _DAY_FIRST.match(text):
            day, month = (found[1], found[2]) if int(found[2]) <= 12 else (found[2], found[1])
            out.append(f"{found[3]}{month:0>2}{day:0>2}")
        else:
            out.append(re.sub(r"\D", "", text.removesuffix(".0")))
    return out


@cleaner("identifier")
def identifier(raw: Raw) -> list[str]:
    return [v.replace(" ", "") for v in raw.folded]


_COUNTRY = re.compile(r"[a-z]{2}(?=[a-z]?\d)")
_DUTCH = re.compile(r"b\d\d$")
_LETTER = re.compile(r"[a-z](?=\d)")
_EMPTY_ID = re.compile(r"^0*$|^(?:none|na|unknown|pending|tbd|tbc|null)$")


@cleaner("tax_id")
def tax_id(raw: Raw) -> list[str]:
    """Without the country's letters ("GB123 456 789" = "123456789"), the Dutch "B01" and leading letters."""
    out = []
    for value in raw.folded:
        text = value.replace(" ", "")
        if not text.isdecimal():
            text = text[2:] if _COUNTRY.match(text) else text
            text = _DUTCH.sub("", text) if len(text) >= 12 else text
            text = text[1:] if _LETTER.match(text) else text
        out.append("" if _EMPTY_ID.match(text) else text)
    return out


@cleaner("category")
def category(raw: Raw) -> list[str]:
    return [v.removesuffix(" 0") if raw.values[i].endswith(".0") else v for i, v in enumerate(raw.folded)]


@cleaner("number")
def number(raw: Raw) -> list[str]:
    found = [re.search(r"-?\d[\d,]*(?:\.\d+)?", v) for v in raw.values]
    return [repr(float(m.group().replace(",", ""))) if m else "" for m in found]


_CODE = re.compile(r"(?=.*\d)(?:(?=.*[a-z])[a-z0-9]{4,}|\d{5,})")
_MEASURE = re.compile(
    r"\d+(?:x\d+)*(?:[kmgt]b|g?hz|in|inch|mm|cm|ft|oz|lbs?|kg|ml|mah|watts?|mp|dpi|ppm|x|w|v|p|st|nd|rd|th)?s?"
)


@cleaner("codes")
def codes(raw: Raw) -> list[str]:
    """Model numbers: words of letters and digits, dashes inside them dropped, sorted; sizes and measures are none."""
    out = []
    for value in unaccent(raw.values):
        parts = {re.sub(r"[^a-z0-9]", "", t) for t in value.replace("/", " ").split()}
        out.append(" ".join(sorted(p for p in parts if _CODE.fullmatch(p) and not _is_measure(p))))
    return out


def _is_measure(part: str) -> bool:
    return not part.isdigit() and _MEASURE.fullmatch(part) is not None
