"""NDJSON and JSON arrays, streamed."""

from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ijson
import orjson

from apps.sources.contracts import Problem, Row
from apps.sources.readers.delimited import MAX_LINE_BYTES, checked
from apps.sources.readers.registry import UnreadableFile, readers

DEEPEST = 100
"""Levels of lists and objects a row may have."""


@readers.register("ndjson")
@readers.register("jsonl")
def read_ndjson(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    """Yield one row per line; a line that is no JSON object is a row with a problem."""
    with path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_LINE_BYTES):
            number += 1
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip():
                yield Row.unread(
                    number, text, blake2b(text, digest_size=16, person=b"ndjson").digest(), _line
                )


def _line(number: int, line: bytes) -> Row:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        text = line.decode("utf-8", errors="replace").replace("\x00", "␀").strip()
        return Row(number, {"line": text}, Problem("bad_json", f"The line is no JSON: {error}."))
    return json_row(number, value)


def json_row(number: int, value: Any) -> Row:
    """Return a parsed value as a row; anything but an object is a problem."""
    if not isinstance(value, dict):
        reason = f"A row must be a JSON object, this is {type(value).__name__}."
        return Row(number, {"value": value}, Problem("not_an_object", reason))
    if (packed := _packed(value)) is None:
        reason = f"The row is nested more than {DEEPEST} levels deep. Flatten it and replay the row."
        shown = {name: "…" if isinstance(part, dict | list) else part for name, part in value.items()}
        return Row(number, shown, Problem("too_deep", reason))
    if b"\\u0000" in packed:
        clean = orjson.loads(packed.replace(b"\\u0000", "␀".encode()))
        reason = "A value holds a NUL character (shown as ␀). Remove it and replay the row."
        return Row(number, clean, Problem("nul_character", reason))
    return checked(Row(number, value))


def _packed(value: Any) -> bytes | None:
    """Return a value as JSON, None when it is nested too deeply."""
    try:
        packed = orjson.dumps(value)
    except TypeError:  # orjson's own limit is 254 levels
        return None
    branches = packed.count(b"[") + packed.count(b"{")
    return None if branches > DEEPEST and _depth(value) > DEEPEST else packed


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [child for children in inner for child in children if isinstance(child, dict | list)]
    return depth


@readers.register("json")
def read_json(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    """Yield the objects of a JSON array, or of the one array inside an object such as {"items": […]}."""
    with path.open("rb") as stream:
        head = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    prefix = "item" if head.startswith(b"[") else _array_of(path)
    number = 0
    with path.open("rb") as stream:
        if stream.read(3) != b"\xef\xbb\xbf":
            stream.seek(0)
        try:
            for number, value in enumerate(ijson.items(stream, prefix), start=1):
                yield json_row(number, _plain(value))
        except ijson.JSONError as error:
            reason = f"The JSON breaks after {number} good items: {error}. Mend the file and load it again."
            yield Row(number + 1, {"line": ""}, Problem("bad_json", reason))


def _array_of(path: Path) -> str:
    """Return the prefix of the first array in a top-level object."""
    with path.open("rb") as stream:
        try:
            for prefix, event, _ in ijson.parse(stream):
                if event == "start_array":
                    return f"{prefix}.item"
        except ijson.JSONError as error:
            raise UnreadableFile(f"The file is no JSON: {error}.") from error
    raise UnreadableFile("The file holds no array of records.")


def _plain(value: Any) -> Any:
    """Return ijson's decimals as the numbers orjson would have read."""
    kind = type(value)
    if kind is dict:
        return {name: each if type(each) is str else _plain(each) for name, each in value.items()}
    if kind is list:
        return [_plain(each) for each in value]
    if kind is Decimal:
        return int(value) if value == value.to_integral_value() and "." not in str(value) else float(value)
    if kind is int and value.bit_length() > 63:  # no JSON column keeps it exactly
        return str(value)
    return value
