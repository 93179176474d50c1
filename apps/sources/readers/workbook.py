"""XLSX: the first sheet, values only. A formula is no value: what it shows depends on who opened it last."""

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from apps.sources.contracts import Problem, Row
from apps.sources.readers.delimited import checked, unique_columns
from apps.sources.readers.registry import UnreadableFile, readers

MAX_UNPACKED = 2 * 1024**3
"""Bytes a workbook may unpack to; more is taken for a decompression bomb."""


@readers.register("xlsx")
def read_xlsx(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    """Yield the rows of the first sheet; dates as ISO text, numbers as numbers, empty cells as None."""
    _check_size(path)
    try:
        book = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise UnreadableFile(f"The file is no XLSX workbook: {error}.") from error
    try:
        sheet = book.worksheets[0]
        rows = sheet.iter_rows()
        header = next(rows, ())
        columns = unique_columns(["" if cell.value is None else str(cell.value) for cell in header])
        if not header or all(cell.value is None for cell in header):
            raise UnreadableFile("The first sheet is empty: it must start with a row of column names.")
        for number, cells in enumerate(rows, start=2):
            if all(cell.value is None for cell in cells):
                continue
            data = {name: _value(cell.value) for name, cell in zip(columns, cells, strict=False)}
            formula = next(
                (name for name, cell in zip(columns, cells, strict=False) if cell.data_type == "f"), None
            )
            if formula:
                reason = (
                    "The cell holds a formula. Paste it as a value and load again, or correct the row here."
                )
                yield Row(number, data, Problem("formula_cell", reason, formula))
            else:
                yield checked(Row(number, data))
    finally:
        book.close()


def _check_size(path: Path) -> None:
    try:
        with ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except BadZipFile as error:
        raise UnreadableFile("The file is no XLSX workbook. Save it as .xlsx again.") from error
    if unpacked > MAX_UNPACKED:
        raise UnreadableFile(f"The workbook would unpack to {unpacked / 1024**3:.1f} GiB; split it.")


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, int) and value.bit_length() > 63:  # no JSON column keeps it exactly
        return str(value)
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return str(value)
