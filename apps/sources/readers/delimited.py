"""CSV: row by row, so that a broken quote or byte costs its own row and no other."""

import csv
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from apps.sources.contracts import Problem, Row
from apps.sources.readers.registry import MAX_CELL, UnreadableFile, readers

MAX_LINES = 500
"""Lines one quoted value may span before its quote counts as unclosed."""
_SHORT = 16
"""Bytes up to which a line is looked at for blanks of any alphabet."""
MAX_LINE_BYTES = 32 * 1024 * 1024
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

csv.field_size_limit(MAX_LINE_BYTES)


@readers.register("csv")
def read_csv(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    """Yield the rows of a CSV file with a header line; numbers count from 2, as a spreadsheet shows them."""
    with path.open("rb") as stream:
        encoding = _skip_bom(stream) or encoding
        lines = _Lines(stream, encoding)
        header = next(lines, None)
        if header is None:
            raise UnreadableFile("The file is empty: it must start with a header line of column names.")
        _, line, problem = header
        text, problem = (line.decode("latin-1"), problem) if problem else lines.decoded(line)
        if problem:
            raise UnreadableFile(f"The header line cannot be read: {problem.reason}")
        delimiter = _delimiter(text)
        columns = unique_columns(next(csv.reader([text], delimiter=delimiter)))

        def read(number: int, line: bytes) -> Row:
            text, problem = lines.decoded(line)
            return Row(number, {"line": text}, problem) if problem else _row(number, text, columns, delimiter)

        begun = blake2b(f"csv {lines.encoding} {delimiter}{text}".encode(), digest_size=16)
        for number, line, problem in lines:
            if problem:
                yield Row(number, {"line": line.decode("latin-1").rstrip("\r\n")}, problem)
            elif line.strip() and (len(line) > _SHORT or lines.decoded(line)[0].strip()):
                mark = begun.copy()
                mark.update(line)
                yield Row.unread(number, line, mark.digest(), read)


def unique_columns(names: list[str]) -> list[str]:
    """Return column names; the second of a name is called `name (2)`, so that it is kept but never mapped twice."""
    seen: dict[str, int] = {}
    columns = []
    for position, raw in enumerate(names, start=1):
        name = raw.strip() or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        columns.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return columns


def _row(number: int, text: str, columns: list[str], delimiter: str) -> Row:
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Row(
            number, {"line": text}, Problem("bad_csv", f"The line is no valid CSV: {error}. Quote the value.")
        )
    data = dict(zip(columns, cells, strict=False))
    if len(cells) != len(columns):
        reason = f"The row has {len(cells)} cells, the header {len(columns)}. Quote values that hold a {delimiter!r}."
        return Row(number, {**data, "cells": cells}, Problem("wrong_cell_count", reason))
    plain = len(text) <= MAX_CELL and "\x00" not in text  # then so is each of its cells
    return Row(number, data) if plain else checked(Row(number, data))


def checked(row: Row) -> Row:
    """Return the row, with a problem when a value can be stored nowhere or is no business value."""
    for column, value in row.data.items():
        if not isinstance(value, str):
            continue
        if "\x00" in value:
            clean = {name: _without_nul(cell) for name, cell in row.data.items()}
            reason = "The value holds a NUL character (shown as ␀). Remove it and replay the row."
            return Row(row.number, clean, Problem("nul_character", reason, column))
        if len(value) > MAX_CELL:
            reason = (
                f"The value is {len(value):,} characters long; at most {MAX_CELL:,} are allowed. Shorten it."
            )
            return Row(row.number, row.data, Problem("value_too_long", reason, column))
    return row


def _without_nul(value: object) -> object:
    return value.replace("\x00", "␀") if isinstance(value, str) else value


def _skip_bom(stream: BinaryIO) -> str:
    head = stream.read(3)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            stream.seek(len(bom))
            return encoding
    stream.seek(0)
    return ""


def _delimiter(header: str) -> str:
    counts = {mark: header.count(mark) for mark in (",", ";", "\t", "|")}
    return max(counts, key=lambda mark: counts[mark]) if any(counts.values()) else ","


class _Lines:
    """Logical lines (number, bytes, problem): physical lines joined while a quote is open."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self.encoding = "utf-8" if encoding.startswith("utf-16") else encoding
        if encoding.startswith("utf-16"):
            lines = _utf16_lines(stream, encoding)
            self._read: Callable[[], bytes] = lambda: next(lines, b"")
        else:
            self._read = lambda: stream.readline(MAX_LINE_BYTES)
        self._number = 0
        self._waiting: list[bytes] = []

    def __iter__(self) -> Iterator[tuple[int, bytes, Problem | None]]:
        return self

    def _physical(self) -> bytes:
        if self._waiting:
            return self._waiting.pop()
        return self._read()

    def __next__(self) -> tuple[int, bytes, Problem | None]:
        line = self._waiting.pop() if self._waiting else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        first = self._number
        parts = [line]
        quotes = line.count(b'"')
        while quotes % 2:
            more = self._physical() if len(parts) < MAX_LINES else b""
            if not more:
                # Only the first line is at fault: the others are read again as lines of their own.
                self._waiting.extend(reversed(parts[1:]))
                self._number = first
                reason = "A quote that is opened in this line is never closed. Close or double it."
                return first, line, Problem("unclosed_quote", reason)
            parts.append(more)
            quotes += more.count(b'"')
            self._number += 1
        return first, b"".join(parts) if len(parts) > 1 else line, None

    def decoded(self, line: bytes) -> tuple[str, Problem | None]:
        """Return the text of a line, and what is wrong with its encoding."""
        encoding = self.encoding
        try:
            return line.decode(encoding).rstrip("\r\n"), None
        except UnicodeDecodeError as error:
            byte = line[error.start]
            reason = (
                f"Byte 0x{byte:02X} at position {error.start + 1} is not {encoding}. "
                "Say the file's encoding (often cp1252) or correct the row."
            )
            text = line.decode("latin-1").replace("\x00", "␀").rstrip("\r\n")
            return text, Problem("wrong_encoding", reason)


def _utf16_lines(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield UTF-16 lines as UTF-8: a newline there is two bytes, which `readline` would cut apart."""
    rest = ""
    while chunk := stream.read(1 << 20):
        text = rest + chunk.decode(encoding, errors="replace")
        *whole, rest = text.split("\n")
        for line in whole:
            yield (line + "\n").encode()
    if rest:
        yield rest.encode()
