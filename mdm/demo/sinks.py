"""Writers of the file formats, byte for byte the same for the same rows: CSV, NDJSON, JSON array, XLSX."""

import csv
import gc
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
from openpyxl import Workbook

from mdm.demo.batch import Row

FIXED_TIME = (2026, 10, 31, 0, 0, 0)
MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


class Sink:
    """A file being written; counts its rows and hashes its bytes."""

    def __init__(self, path: Path, columns: tuple[str, ...] = ()) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._columns = columns
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self._begin()

    def _begin(self) -> None:
        """Writes what stands before the first row."""

    def _end(self) -> None:
        """Writes what stands after the last row."""

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)

    def write(self, rows: list[Row]) -> None:
        """Appends rows."""
        self._write(rows)
        self.rows += len(rows)

    def _write(self, rows: list[Row]) -> None:
        raise NotImplementedError

    def close(self) -> str:
        """Finishes the file; returns its SHA-256."""
        self._end()
        self._file.close()
        return self._hash.hexdigest()


class CsvSink(Sink):
    """Comma-separated, one header row, LF line ends."""

    def _begin(self) -> None:
        self._write([list(self._columns)])

    def _write(self, rows: list[Row]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._put(text.getvalue().encode())


class NdjsonSink(Sink):
    """One JSON object a line."""

    def _write(self, rows: list[Row]) -> None:
        self._put(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


class JsonSink(Sink):
    """One JSON array, one object a line."""

    def _begin(self) -> None:
        self._put(b"[")

    def _write(self, rows: list[Row]) -> None:
        for place, row in enumerate(rows):
            self._put((b",\n" if self.rows + place else b"\n") + orjson.dumps(row))

    def _end(self) -> None:
        self._put(b"\n]\n")


class XlsxSink(Sink):
    """A workbook with one sheet; a text that begins with "=" becomes a formula, as it does in Excel."""

    def _begin(self) -> None:
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("Workers")
        self._sheet.append(self._columns)

    def _write(self, rows: list[Row]) -> None:
        for row in rows:
            self._sheet.append(row)

    def _end(self) -> None:
        packed, fixed = io.BytesIO(), io.BytesIO()
        self._book.save(packed)
        with zipfile.ZipFile(packed) as old, zipfile.ZipFile(fixed, "w") as new:
            for name in old.namelist():  # the clock stands in each entry and in the document properties
                content = MODIFIED.sub(rb"\g<1>2026-10-31T00:00:00Z", old.read(name))
                new.writestr(zipfile.ZipInfo(name, FIXED_TIME), content, zipfile.ZIP_DEFLATED)
        self._put(fixed.getvalue())


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keeps the cyclic garbage collector from searching millions of short-lived rows, which hold no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


SINKS: dict[str, type[Sink]] = {".csv": CsvSink, ".ndjson": NdjsonSink, ".json": JsonSink, ".xlsx": XlsxSink}


def open_sink(folder: Path, name: str, columns: tuple[str, ...]) -> Sink:
    """Opens `name` under `folder` for writing; KeyError for an unknown ending."""
    return SINKS[Path(name).suffix](folder / name, columns)
