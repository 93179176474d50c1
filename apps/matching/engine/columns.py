"""A dictionary-encoded attribute: each distinct clean value once, with its stable hash and lazily made parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .arrays import I32, I64, U64, Bools
from .contracts import Cell, Coded
from .hashing import hash_strings, trigrams

_FEATURE_BITS = 31
_FEW = 16
"""Below this plain Python is cheaper than array code."""


def encode(cells: Sequence[Cell]) -> tuple[list[str], I32, I32]:
    """Distinct raw strings and, for every value present, its record (row) and its code; rows ascend."""
    if isinstance(cells, Coded):
        return _encode_coded(cells)
    try:
        seen = dict.fromkeys(cells)
    except TypeError:  # lists have no hash
        return _encode_several(cells)
    if not set(map(type, seen)) <= {str, type(None)}:
        return _encode_several(cells)
    distinct = [v for v in seen if isinstance(v, str) and v]
    known: dict[Cell, int] = dict(zip(distinct, range(len(distinct)), strict=True))
    known[None] = known[""] = -1
    coded = np.fromiter(map(known.__getitem__, cells), np.int32, len(cells))
    rows = np.flatnonzero(coded >= 0).astype(np.int32)
    return distinct, rows, coded[rows]


def _encode_coded(cells: Coded) -> tuple[list[str], I32, I32]:
    """Values in the order of their first appearance, as if the cells had been read one by one."""
    named = np.array([bool(v) for v in cells.values] + [False])
    rows = np.flatnonzero(named[cells.codes]).astype(np.int32)
    used, first, codes = np.unique(cells.codes[rows], return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    values = [str(cells.values[code]) for code in used[order].tolist()]
    return values, rows, place[codes]


def _encode_several(cells: Sequence[Cell]) -> tuple[list[str], I32, I32]:
    codes: dict[str, int] = {}
    row_list: list[int] = []
    code_list: list[int] = []
    for row, cell in enumerate(cells):
        for value in [cell] if isinstance(cell, str) else (cell or ()):
            if value:
                row_list.append(row)
                code_list.append(codes.setdefault(value, len(codes)))
    return list(codes), np.array(row_list, np.int32), np.array(code_list, np.int32)


def spread(counts: I64) -> tuple[I64, I64]:
    """For groups of the given sizes: the group of each member and its position inside the group."""
    group = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    starts = np.cumsum(counts) - counts
    return group, np.arange(len(group), dtype=np.int64) - starts[group]


@dataclass(frozen=True)
class Column:
    """Values of one attribute for `n` records; `rows` ascends and may repeat (several values a record)."""

    n: int
    values: list[str]
    rows: I32
    codes: I32

    @cached_property
    def hashes(self) -> U64:
        return hash_strings(self.values)

    @cached_property
    def array(self) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
        out = np.empty(len(self.values), dtype=object)
        out[:] = self.values
        return out

    @cached_property
    def lengths(self) -> I64:
        """Characters of each distinct value."""
        return np.fromiter(map(len, self.values), np.int64, len(self.values))

    @cached_property
    def counts(self) -> I64:
        """Values per record."""
        return np.bincount(self.rows, minlength=self.n).astype(np.int64)

    @cached_property
    def starts(self) -> I64:
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def multiple(self) -> bool:
        return bool(len(self.rows)) and bool(self.counts.max() > 1)

    @cached_property
    def first(self) -> I32:
        """Code of the first value of each record, -1 where there is none."""
        out = np.full(self.n, -1, np.int32)
        out[self.rows[::-1]] = self.codes[::-1]
        return out

    @cached_property
    def frequency(self) -> I64:
        """Records per distinct value."""
        return np.bincount(self.codes, minlength=len(self.values)).astype(np.int64)

    @cached_property
    def tokens(self) -> tuple[I64, list[str]]:
        """(value code of each word, the words); repeated words of one value are kept."""
        split = [v.split() for v in self.values]
        counts = np.fromiter(map(len, split), np.int64, len(split))
        return np.repeat(np.arange(len(split), dtype=np.int64), counts), [t for s in split for t in s]

    @cached_property
    def words(self) -> "Features":
        """Hashed words of the distinct values."""
        rows, tokens = self.tokens
        # Initials are no words: two names that share an "a" share nothing.
        telling = np.fromiter((len(t) > 1 for t in tokens), bool, len(tokens))
        rows, tokens = rows[telling], [t for t in tokens if len(t) > 1]
        hashed = (hash_strings(tokens) >> np.uint64(33)).astype(np.int64)
        return _incidence(rows, hashed, len(self.values))

    @cached_property
    def grams(self) -> "Features":
        """Hashed character trigrams of the distinct values."""
        rows, hashed = trigrams(self.values)
        return _incidence(rows, hashed, len(self.values))

    def mapped(self, name: str, make: Callable[[str], str]) -> list[str]:
        """Each distinct value after `make`, remembered under `name`."""
        cache: dict[str, list[str]] = self.__dict__.setdefault("_mapped", {})
        if name not in cache:
            cache[name] = [make(v) for v in self.values]
        return cache[name]

    def derived(self, name: str, make: Callable[["Column"], "Column"]) -> "Column":
        """A column made from this one, remembered."""
        cache: dict[str, Column] = self.__dict__.setdefault("_derived", {})
        if name not in cache:
            cache[name] = make(self)
        return cache[name]

    def take(self, rows: I64) -> "Column":
        """The same attribute for the chosen records, in that order."""
        counts = self.counts[rows]
        group, offset = spread(counts)
        at = self.starts[rows][group] + offset
        used, codes = np.unique(self.codes[at], return_inverse=True)
        return Column(
            len(rows), [self.values[c] for c in used], group.astype(np.int32), codes.astype(np.int32)
        )


@dataclass(frozen=True, eq=False)
class Features:
    """Words or trigrams of distinct values, 31-bit hashes: those of value k are hashes[starts[k]:starts[k + 1]]."""

    starts: I64
    hashes: I32
    """Ascending inside each value, each once."""

    def __len__(self) -> int:
        return len(self.starts) - 1


def _incidence(rows: I64, hashed: I64, n: int) -> Features:
    # One number of both: sorting it is several times faster than sorting by two.
    both = np.sort(rows << _FEATURE_BITS | hashed)
    both = both[np.append(True, both[1:] != both[:-1])[: len(both)]]
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(both >> _FEATURE_BITS, minlength=n), out=starts[1:])
    return Features(starts, (both & ((1 << _FEATURE_BITS) - 1)).astype(np.int32))


def build(n: int, cleaned: list[str], rows: I32, codes: I32) -> Column:
    """Column from cleaned spellings of raw codes; empty spellings are missing, equal ones become one."""
    distinct = [v for v in dict.fromkeys(cleaned) if v]
    index = {v: k for k, v in enumerate(distinct)}
    index[""] = -1
    if len(codes) <= _FEW:
        pairs = zip(rows.tolist(), codes.tolist(), strict=True)
        found = dict.fromkeys((row, code) for row, c in pairs if (code := index[cleaned[c]]) >= 0)
        cells = np.array(list(found), np.int32).reshape(-1, 2)
        return Column(n, distinct, cells[:, 0], cells[:, 1])
    remap = np.fromiter(map(index.__getitem__, cleaned), np.int32, len(cleaned))
    new = remap[codes] if len(codes) else codes
    keep: Bools = new >= 0
    rows, new = rows[keep], new[keep]
    repeated = np.flatnonzero(rows[1:] == rows[:-1]) if len(rows) else np.zeros(0, np.int64)
    if len(repeated):
        order = np.unique(rows.astype(np.int64) * (len(distinct) + 1) + new, return_index=True)[1]
        order.sort()
        rows, new = rows[order], new[order]
    return Column(n, distinct, rows, new)
