"""Reads folders of labelled records: records.csv, truth.csv or pairs.csv, meta.json and, if there, types.json."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from apps.matching import engine
from apps.matching.engine.arrays import U8

SYNONYMS = {
    "e_mail": "email", "mail": "email", "email_address": "email", "organization_name": "organisation_name",
    "organisation": "organisation_name", "organization": "organisation_name", "company": "organisation_name",
    "company_name": "organisation_name", "website": "domain", "web": "domain", "url": "domain",
    "text": "free_text", "description": "free_text", "title": "free_text", "id": "identifier",
    "key": "identifier", "code": "identifier", "national_id": "identifier", "postal_code": "postcode",
    "zip": "postcode", "zip_code": "postcode", "state": "region", "province": "region", "county": "region",
    "address": "street", "street_address": "street", "street_name": "street", "first_name": "given_name",
    "forename": "given_name", "last_name": "family_name", "surname": "family_name",
    "full_name": "person_name", "street_number": "house_number", "town": "city", "suburb": "city",
    "telephone": "phone", "phone_number": "phone", "mobile": "phone", "fax": "phone", "vat": "tax_id",
    "vat_number": "tax_id", "tax_number": "tax_id", "birth_date": "date", "date_of_birth": "date",
    "amount": "number", "price": "number", "numeric": "number", "type": "category",
}  # fmt: skip
"""Words of types.json that the engine calls otherwise."""

Loaded = tuple[engine.Table, dict[str, Any], engine.Truth, U8 | None]


def labelled_folders(parent: Path) -> list[Path]:
    """Return the labelled folders directly below `parent`, by name."""
    return sorted(file.parent for file in parent.glob("*/records.csv"))


def load_set(folder: Path) -> Loaded:
    """Table, meta, truth and side (None unless two sources are linked) of a labelled folder.

    Raises FileNotFoundError without records.csv and one of truth.csv and pairs.csv.
    """
    meta = json.loads(file.read_text()) if (file := folder / "meta.json").exists() else {}
    columns = _read_columns(folder / "records.csv")
    ids = [str(rid) for rid in columns.pop("rid")]
    sources = columns.pop("src", [None] * len(ids))
    side = None
    if meta.get("mode") == "link":
        side = np.unique([str(s or "") for s in sources], return_inverse=True)[1].astype(np.uint8)
    place = {rid: row for row, rid in enumerate(ids)}
    return engine.Table(ids, columns), meta, _truth(folder, place, side), side


def config_for(folder: Path, table: engine.Table, meta: dict[str, Any]) -> engine.Config:
    """The generic configuration; only the semantic types may be given with the set, else they are inferred."""
    kind = engine.infer_kind(table.columns, str(meta.get("kind", "")))
    given = folder / "types.json"
    types = json.loads(given.read_text()) if given.exists() else engine.infer_types(table.columns, kind)
    copies = engine.copied_columns(table.columns)
    return engine.default_config(
        {c: _known(t, kind) for c, t in types.items() if c in table.columns and c not in copies}, kind
    )


def _read_columns(file: Path) -> dict[str, list[str | None]]:
    """Cells by column, None for empty ones; equal strings are one object, so that a million rows stay small."""
    csv.field_size_limit(1 << 30)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        names = next(rows, [])
        columns: list[list[str | None]] = [[] for _ in names]
        known: list[dict[str, str | None]] = [{"": None} for _ in names]
        for row in rows:
            for cells, seen, cell in zip(columns, known, row, strict=False):
                cells.append(seen.setdefault(cell, cell))
            for cells in columns[len(row) :]:
                cells.append(None)
    return dict(zip(names, columns, strict=True))


def _rows(file: Path) -> Iterator[list[str]]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        next(rows, None)
        yield from (row for row in rows if row)


def _truth(folder: Path, place: dict[str, int], side: U8 | None) -> engine.Truth:
    """Pairs count if there are any; a record that truth.csv does not name is a cluster of its own."""
    if (folder / "pairs.csv").exists():
        known = [
            (place[row[0]], place[row[1]])
            for row in _rows(folder / "pairs.csv")
            if row[0] in place and row[1] in place
        ]
        a, b = np.array(known, np.int64).reshape(-1, 2).T
        return engine.Truth(len(place), pairs=(a, b), side=side)
    labels = np.full(len(place), -1, np.int64)
    clusters: dict[str, int] = {}
    for rid, cluster, *_ in _rows(folder / "truth.csv"):
        if rid in place:
            labels[place[rid]] = clusters.setdefault(cluster, len(clusters))
    alone = np.flatnonzero(labels < 0)
    labels[alone] = len(clusters) + np.arange(len(alone))
    return engine.Truth(len(place), labels=labels, side=side)


def _known(semantic: str, kind: str) -> str:
    word = semantic.strip().lower().replace(" ", "_").replace("-", "_")
    word = SYNONYMS.get(word, word)
    if word == "name":
        word = {"organisation": "organisation_name", "person": "person_name"}.get(kind, "free_text")
    return word if word in engine.COMPARATOR_OF else "free_text"
