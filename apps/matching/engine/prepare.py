"""From raw columns to clean, dictionary-encoded attributes."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .arrays import I32, I64, U64
from .cleaning import CLEANERS, Raw
from .columns import Column, build, encode
from .contracts import Config, Table
from .hashing import combine

_NO_ROWS = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Prepared:
    """Clean attributes of `n` records, by attribute name."""

    n: int
    columns: dict[str, Column]

    def __len__(self) -> int:
        return self.n

    def values(self, attribute: str, row: int) -> tuple[str, ...]:
        """The clean values of one attribute of one record."""
        column = self.columns[attribute]
        start = int(column.starts[row])
        return tuple(column.values[c] for c in column.codes[start : start + int(column.counts[row])])

    def take(self, rows: Iterable[int] | I64) -> "Prepared":
        """The chosen records, in that order."""
        chosen = np.asarray(rows, np.int64)
        return Prepared(len(chosen), {name: c.take(chosen) for name, c in self.columns.items()})

    def content(self) -> U64:
        """A hash of each record's clean values: orders records without regard to their place in the table."""
        out = np.zeros(self.n, np.uint64)
        for column in self.columns.values():
            part = np.zeros(self.n, np.uint64)
            np.add.at(part, column.rows, column.hashes[column.codes])
            out = combine(out, part)
        return out


def prepare(table: Table, config: Config) -> Prepared:
    """Clean every attribute of `config`; columns the table lacks are missing throughout."""
    n = len(table)
    encoded: dict[str, tuple[Raw, I32, I32]] = {}
    columns: dict[str, Column] = {}
    for attribute in config.attributes:
        parts = []
        for source in attribute.sources:
            if source not in encoded:
                raw, rows, codes = encode(table.columns.get(source, [None] * n))
                encoded[source] = (Raw(raw), rows, codes)
            raw_values, rows, codes = encoded[source]
            if len(rows):
                parts.append((CLEANERS[attribute.type](raw_values), rows, codes))
        columns[attribute.name] = _stack(n, parts) if parts else Column(n, [], _NO_ROWS, _NO_ROWS)
    return Prepared(n, columns)


def _stack(n: int, parts: list[tuple[list[str], I32, I32]]) -> Column:
    if len(parts) == 1:
        return build(n, *parts[0])
    cleaned = [v for values, _, _ in parts for v in values]
    shifts = np.cumsum([0] + [len(values) for values, _, _ in parts[:-1]])
    rows = np.concatenate([r for _, r, _ in parts])
    codes = np.concatenate([c + np.int32(s) for (_, _, c), s in zip(parts, shifts, strict=True)])
    order = np.argsort(rows, kind="stable")
    return build(n, cleaned, rows[order], codes[order])
