"""Reads extracts back with the standard readers, independently of the writers."""

import csv
import json
from pathlib import Path
from typing import Any

from openpyxl import load_workbook


def read(folder: str | Path, name: str) -> list[dict[str, Any]]:
    """All rows of a file as dicts."""
    path = Path(folder) / name
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".ndjson":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    header, *rows = load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def keys(rows: list[dict[str, Any]], column: str) -> set[str]:
    return {str(row[column]) for row in rows}
