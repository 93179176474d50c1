"""Guess the semantic types of columns and the kind of records from names and values."""

import re
from collections.abc import Mapping, Sequence

from .contracts import Cell

_BY_NAME = (
    ("tax_id", r"(^|_)(tax|vat|ein|tin|ust|nif|siret|fiscal)"),
    ("given_name", r"given|first_?name|forename|fname|vorname|prenom"),
    ("family_name", r"family|surname|last_?name|lname|nachname"),
    ("email", r"e_?mail"),
    ("domain", r"website|domain|homepage|^web|url"),
    ("phone", r"phone|mobile|fax|(^|_)tel"),
    ("house_number", r"street_?num|house|building_?n|street_?no"),
    ("date", r"date|birth|dob|(^|_)day$"),
    ("postcode", r"post_?code|postal|(^|_)zip|plz"),
    ("street", r"address|street|addr|strasse|adresse"),
    ("city", r"city|town|suburb|locality|municipality|(^|_)ort$"),
    ("region", r"^state|region|province|county"),
    ("country", r"country|nation$|land$"),
    ("number", r"price|amount|cost|salary"),
    ("identifier", r"(^|_)(id|ssn|duns|lei|isbn|sku|ean|gtin|number|no|code|key)$|soc_sec|registration|national_id"),
    ("category", r"year|type|industry|segment|status|venue|gender|sex|class|category|brand|sector"
     r"|neighbou?rhood|source"),
    ("name", r"name|title|company|organi[sz]ation|firm|account|supplier|vendor|customer|employer|affiliation"),
    ("free_text", r"description|author|text|note|comment|abstract|remarks"),
)  # fmt: skip


def infer_kind(columns: Mapping[str, Sequence[Cell]], hint: str = "") -> str:
    """organisation, person or generic; `hint` is a word such as "org" or "product"."""
    word = hint.lower()
    if word.startswith(("org", "comp", "cust", "suppl", "restaurant", "site", "busi")):
        return "organisation"
    if word.startswith(("person", "people", "resource", "employee", "patient")):
        return "person"
    if word:
        return "generic"
    types = {_by_name(c) for c in columns}
    if types & {"given_name", "family_name"}:
        return "person"
    return "organisation" if types & {"street", "phone", "domain", "tax_id", "postcode"} else "generic"


def infer_types(columns: Mapping[str, Sequence[Cell]], kind: str) -> dict[str, str]:
    """Semantic type of every column that has values; names first, then what the values look like."""
    out: dict[str, str] = {}
    for column, cells in columns.items():
        sample = [c for c in cells if isinstance(c, str) and c][:2000]
        if not sample:
            continue
        semantic = _by_name(column) or _by_values(sample)
        if semantic == "name":
            semantic = _name_type(column, kind, out)
        elif semantic == "category" and _long(sample):
            semantic = "free_text"
        out[column] = semantic
    return out


def _by_name(column: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower())
    return next((t for t, pattern in _BY_NAME if re.search(pattern, word)), "")


def _name_type(column: str, kind: str, sofar: Mapping[str, str]) -> str:
    if kind == "person":
        return "person_name" if not {"given_name", "family_name"} & set(sofar.values()) else "free_text"
    return "organisation_name" if kind == "organisation" else "free_text"


def _long(sample: Sequence[str]) -> bool:
    """Few words a value make a category; text with many different values does not."""
    words = sum(len(v.split()) for v in sample) / len(sample)
    return words > 3 or (len(set(sample)) > 0.2 * len(sample) and len(sample) > 50 and words > 1.5)


def _by_values(sample: Sequence[str]) -> str:
    def share(pattern: str) -> float:
        return sum(1 for v in sample if re.search(pattern, v)) / len(sample)

    if share(r"^[^@\s]+@[^@\s]+\.\w+$") > 0.8:
        return "email"
    if share(r"^\d{4}-\d\d-\d\d|^\d{1,2}/\d{1,2}/\d{4}") > 0.8:
        return "date"
    if share(r"^(https?://|www\.)") > 0.8:
        return "domain"
    if share(r"^\+?[\d\s()/.-]{7,}$") > 0.8:
        return "phone" if share(r"[\s()+/-]") > 0.3 else "identifier"
    if share(r"^-?\d+(\.\d+)?$") > 0.9:
        return "number"
    if len(set(sample)) < 0.1 * len(sample) + 5:
        return "category"
    return "free_text"
