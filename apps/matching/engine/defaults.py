"""The generic configuration: from semantic types of columns to attributes, comparators and blocking passes."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from .contracts import Attribute, Config

COMPARATOR_OF = {
    "organisation_name": "organisation_name", "person_name": "person_name", "given_name": "given_name",
    "family_name": "jaro_winkler", "street": "text", "house_number": "house_number", "city": "jaro_winkler",
    "region": "jaro_winkler", "postcode": "code", "country": "exact", "phone": "phone", "email": "email",
    "domain": "domain", "date": "date", "identifier": "code", "tax_id": "code", "free_text": "free_text",
    "category": "exact", "legal_form": "exact", "number": "number", "codes": "codes", "people": "people",
}  # fmt: skip
MATCH_THRESHOLD = {"organisation": 0.6, "person": 0.52, "generic": 0.8}
"""Persons have fewer, more independent attributes: their matches are purer at the same probability."""
KINDS = ("organisation", "person", "generic")
_ALIAS = re.compile(r"trad|alias|alternat|aka|dba|former|previous|other|short")
_PLACE = {"street", "house_number", "postcode", "city", "region"}


def default_config(types: Mapping[str, str], kind: str) -> Config:
    """Configuration for columns of the given semantic types; `kind` is one of `KINDS`.

    Raises ValueError for a kind or a type the engine does not know.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}, use one of {', '.join(KINDS)}")
    unknown = sorted(set(types.values()) - set(COMPARATOR_OF))
    if unknown:
        raise ValueError(
            f"unknown semantic types {', '.join(unknown)}; known are {', '.join(sorted(COMPARATOR_OF))}"
        )
    attributes = tuple(_grouped_names(_attributes(types, kind)))
    return Config(
        kind=kind, attributes=attributes, passes=_passes(attributes), match_threshold=MATCH_THRESHOLD[kind]
    )


def _grouped_names(attributes: list[Attribute]) -> list[Attribute]:
    """Several names of one organisation say one thing."""
    names = {a.name for a in attributes if a.type == "organisation_name"}
    return [replace(a, group="name") if a.name in names and len(names) > 1 else a for a in attributes]


def _attribute(name: str, kind_of_value: str, *sources: str) -> Attribute:
    group = "place" if kind_of_value in _PLACE else "web" if kind_of_value in {"domain", "email"} else ""
    return Attribute(name, kind_of_value, sources, COMPARATOR_OF[kind_of_value], group)


def _attributes(types: Mapping[str, str], kind: str) -> list[Attribute]:
    names = [c for c, t in types.items() if t == "organisation_name"]
    main = next((c for c in names if not _ALIAS.search(c.lower())), names[0] if names else "")
    aliases = [c for c in names if c != main and _ALIAS.search(c.lower())]
    emails = [c for c, t in types.items() if t == "email"]
    domains = [c for c, t in types.items() if t == "domain"]
    out: list[Attribute] = []
    for column, semantic in types.items():
        if column in aliases or (semantic == "domain" and column != domains[0]):
            continue
        if column == main:
            out.append(_attribute(column, semantic, column, *aliases))
            out.append(_attribute(f"{column}.form", "legal_form", column))
        elif semantic == "domain":
            out.append(_attribute(column, semantic, *domains, *(emails if kind == "organisation" else [])))
        else:
            out.append(_attribute(column, semantic, column))
        if semantic == "street" and "house_number" not in types.values():
            out.append(_attribute(f"{column}.number", "house_number", column))
        if semantic == "free_text" and kind == "generic" and not any(a.type == "codes" for a in out):
            out.append(_attribute(f"{column}.codes", "codes", column))
    parts = [
        next((c for c, t in types.items() if t == wanted), "") for wanted in ("given_name", "family_name")
    ]
    if all(parts):
        # Only for finding pairs: the two names whichever way round they were written.
        out.append(Attribute(f"{parts[0]}+{parts[1]}", "family_name", tuple(parts), "exact", compared=False))
    if kind == "organisation" and emails and not domains:
        out.append(_attribute(f"{emails[0]}.domain", "domain", *emails))
    return out


def _passes(attributes: tuple[Attribute, ...]) -> tuple[tuple[str, ...], ...]:
    of: dict[str, list[str]] = {}
    for a in attributes:
        of.setdefault(a.type if a.compared else "both_names", []).append(a.name)

    def one(semantic: str) -> list[str]:
        return of.get(semantic, [])[:1]

    passes: list[tuple[str, ...]] = []
    for semantic in ("identifier", "tax_id", "phone", "email"):
        passes += [(name,) for name in of.get(semantic, [])]
    names = [*of.get("organisation_name", [])[:2], *one("person_name")]
    for name in names:
        passes += _name_passes(name, of)
    passes += _person_passes(of)
    for name in of.get("free_text", [])[:3]:
        passes += [(f"{name}:squash",), (f"{name}:start12",), (f"{name}:pairs",), (f"{name}:words",)]
        passes += [(f"{name}:words", w) for w in one("category")]
    passes += [(f"{name}:words",) for name in of.get("codes", [])[:1]]
    for street in one("street"):
        passes += [(street,)]
        passes += [(f"{street}:wordstart", number) for number in one("house_number")]
    for domain in one("domain"):
        passes += [(domain, w) for w in [*one("city"), *one("house_number")]]
    passes += [(p, n) for p in one("postcode") for n in one("house_number")]
    if not names and not of.get("given_name") and not of.get("family_name"):
        passes += _value_passes(of)
    unique = dict.fromkeys(passes)
    return tuple(list(unique)[:64])


def _value_passes(of: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """Things without a name of their own: rare numbers and dates, and what they are combined with."""
    values = [*of.get("number", [])[:3], *of.get("date", [])[:2]]
    return [(v,) for v in values] + list(combinations([*values, *of.get("category", [])[:2]], 2))


_ANCHORS = ("date", "city", "postcode", "street", "phone", "email", "domain", "identifier", "tax_id")
_FEW = 4
"""With fewer anchors than this, names alone must make pairs too; with more they only cost."""


def _sparse(of: Mapping[str, list[str]]) -> bool:
    return sum(1 for semantic in _ANCHORS if of.get(semantic)) < _FEW


def _name_passes(name: str, of: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    def one(*semantics: str) -> list[str]:
        return [w for t in semantics for w in of.get(t, [])[:1]]

    out: list[tuple[str, ...]] = [
        (f"{name}:squash",),
        (f"{name}:sorted", *one("country")),
        (f"{name}:pairs",),
    ]
    out += [(f"{name}:words", w) for w in one("city", "postcode")]
    out += [(f"{name}:start2", w) for w in one("postcode", "domain")]
    out += [(f"{name}:first", w) for w in one("domain", "house_number")]
    out += [(f"{name}:acronym", w) for w in one("city", "domain")]
    out += [(f"{name}:sound", w) for w in one("city", "date")]
    out += [(f"{name}:start5", f"{w}:start5") for w in one("street")]
    return [*out, (f"{name}:words",), (f"{name}:start8",)] if _sparse(of) else out


def _person_passes(of: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    given, family = of.get("given_name", [])[:1], of.get("family_name", [])[:1]
    anchors = [w for t in ("date", "city", "postcode", "street") for w in of.get(t, [])[:1]]
    out: list[tuple[str, ...]] = []
    out += [(both, both) for both in of.get("both_names", [])]
    for g, f in [(g, f) for g in given for f in family]:
        out += [(g, f), (f"{g}:start3", f"{f}:start3"), (f"{f}:sound", f"{g}:start2")]
    if given or family:
        out += [(part, anchor) for part in [*given, *family] for anchor in anchors]
        out += [(f"{part}:sound", w) for part in family for w in anchors[:2]]
        out += [(x, y) for x, y in combinations(anchors[:3], 2)]
        out += [(w,) for w in of.get("date", [])[:1]]
        out += [
            (f"{d}:end4", w) for d in of.get("date", [])[:1] for w in [*anchors[1:], *of.get("email", [])[:1]]
        ]
        alone = of.get("both_names", []) or [*family, *given]
        out += [(w,) for w in alone] if _sparse(of) else []
    return out
