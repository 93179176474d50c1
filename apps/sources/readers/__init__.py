"""Readers of extracts: each yields `Row`s in bounded memory, a bad row as a row with a problem."""

from apps.sources.readers import delimited, json_lines, workbook
from apps.sources.readers.registry import UnreadableFile, readers

__all__ = ["UnreadableFile", "delimited", "json_lines", "readers", "workbook"]
