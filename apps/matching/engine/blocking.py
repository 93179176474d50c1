"""Blocking: stable keys of each record, and a bounded number of candidate pairs from records that share a key."""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .arrays import I32, I64, U8, U64
from .columns import spread
from .contracts import Config, Keys, Pairs
from .fewkeys import FEW_RECORDS, keys_of_few
from .hashing import combine, hash_word
from .keyparts import parts_of
from .prepare import Prepared

_CELLS = 4_000_000
_COMFORT = 60_000
"""Below this many records larger blocks cost little, so the cap may be looser."""


def _part_rows(prepared: Prepared, part: str, memory: dict[str, tuple[I32, U64]]) -> tuple[I32, U64]:
    """(record, hash) of one part for all records, records ascending."""
    if part not in memory:
        name, _, how = part.partition(":")
        column = prepared.columns[name]
        codes, hashed = parts_of(column, how)
        counts = np.bincount(codes, minlength=len(column.values)).astype(np.int64)
        starts = np.cumsum(counts) - counts
        group, offset = spread(counts[column.codes])
        memory[part] = column.rows[group], hashed[starts[column.codes][group] + offset]
    return memory[part]


def _join(n: int, left: tuple[I32, U64], right: tuple[I32, U64]) -> tuple[I32, U64]:
    """Conjunction of two parts: every combination of their hashes inside each record."""
    counts = np.bincount(right[0], minlength=n).astype(np.int64)
    starts = np.cumsum(counts) - counts
    group, offset = spread(counts[left[0]])
    rows = left[0][group]
    one, two = left[1][group], right[1][starts[rows] + offset]
    if left is right:  # a part with itself: two different values of it
        rows, one, two = rows[one != two], one[one != two], two[one != two]
    return rows, combine(one, two)


def blocking_keys(prepared: Prepared, config: Config) -> Keys:
    """All keys of all records; a record's keys depend on nothing but its own values and `config.passes`."""
    if prepared.n <= FEW_RECORDS:
        return keys_of_few(prepared, config)
    rows: list[I32] = []
    keys: list[U64] = []
    numbers: list[U8] = []
    memory: dict[str, tuple[I32, U64]] = {}
    for number, parts in enumerate(config.passes):
        joined = _part_rows(prepared, parts[0], memory)
        for part in parts[1:]:
            joined = _join(prepared.n, joined, _part_rows(prepared, part, memory))
        salt = hash_word("&".join(parts))
        rows.append(joined[0])
        keys.append(combine(joined[1], np.full(len(joined[1]), salt, np.uint64)))
        numbers.append(np.full(len(joined[1]), number, np.uint8))
    if not rows:
        return Keys(np.zeros(0, np.int32), np.zeros(0, np.uint64), np.zeros(0, np.uint8))
    return Keys(np.concatenate(rows), np.concatenate(keys), np.concatenate(numbers))


def effective_cap(cap: int, records: int) -> int:
    """The cap for a collection of this size: `cap` from 60,000 records on, looser for small ones."""
    return round(cap * min(8.0, max(1.0, math.sqrt(_COMFORT / max(records, 1)))))


def _block_pairs(row: I32, starts: I64, size: int) -> tuple[I64, I64]:
    members = row[starts[:, None] + np.arange(size)].astype(np.int64)
    a, b = np.triu_indices(size, 1)
    one, other = members[:, a].ravel(), members[:, b].ravel()
    return np.minimum(one, other), np.maximum(one, other)


def candidate_pairs(keys: Keys, *, cap: int, side: U8 | None = None, lone: int | None = None) -> Pairs:
    """Pairs that share a key of at most `cap` records, each once, left < right, ordered.

    With `side` (one small integer a record) only pairs of different sides are made. A key shared by more than
    `cap` records makes none, so the number of pairs is at most len(keys) * (cap - 1) / 2. With `lone` a pair that
    shares one key only is left out where more than `lone` records hold that key: hardly any of them is a match.
    """
    bits = _bits(keys.row)
    if (np.diff(keys.pass_no.astype(np.int16)) < 0).any():
        order = np.argsort(keys.pass_no, kind="stable")
        keys = Keys(keys.row[order], keys.key[order], keys.pass_no[order])
    # Passes share no keys; looked at one by one they sort much faster.
    ends = np.concatenate([[0], np.flatnonzero(np.diff(keys.pass_no)) + 1, [len(keys.key)]]).tolist()
    found = [
        part
        for start, end in pairwise(ends)
        if end > start
        for part in _noted(
            keys.key[start:end], keys.row[start:end], int(keys.pass_no[start]), bits, cap, lone or cap, side
        )
    ]
    noted = np.concatenate(found) if found else np.zeros(0, np.int64)
    found.clear()
    return _once(noted, bits)


_NOTE = 7
"""Bits that a pair carries while it is looked for: the pass (6), and whether many records hold the key."""
_PASS, _MANY = 63, 64


def _bits(*rows: I32) -> int:
    """Bits that hold any of the rows; raises ValueError where a pair would not fit into one number."""
    bits = max(1, *(int(row.max(initial=0)).bit_length() for row in rows))
    if 2 * bits + _NOTE > 63:
        raise ValueError(f"at most {1 << (63 - _NOTE) // 2:,} records can be matched at once")
    return bits


def _noted(key: U64, row: I32, number: int, bits: int, cap: int, lone: int, side: U8 | None) -> Iterator[I64]:
    """Pairs of one pass as single numbers, repeated for every key they share."""
    order = np.argsort(key)
    key, row = key[order], row[order]
    begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    sizes = np.diff(np.append(begins, len(key)))
    for size in range(2, cap + 1):
        starts = begins[sizes == size]
        step = max(1, _CELLS // (size * size))
        note = number | (_MANY if size > lone else 0)
        for at in range(0, len(starts), step):
            low, high = _block_pairs(row, starts[at : at + step], size)
            keep = low != high if side is None else (low != high) & (side[low] != side[high])
            yield (((low << bits) | high) << _NOTE | note)[keep]


def pairs_between(left: Keys, right: Keys, *, cap: int) -> Pairs:
    """Pairs of a left and a right record that share a key held by at most `cap` right records."""
    order = np.argsort(right.key, kind="stable")
    key, row = right.key[order], right.row[order]
    first = np.searchsorted(key, left.key, "left")
    counts = np.searchsorted(key, left.key, "right") - first
    group, offset = spread(np.where(counts <= cap, counts, 0).astype(np.int64))
    bits = _bits(left.row, right.row)
    pair = (left.row[group].astype(np.int64) << bits) | row[first[group] + offset]
    return _once(pair << _NOTE | left.pass_no[group], bits)


def _once(noted: I64, bits: int) -> Pairs:
    """Each pair once, ordered; a pair that has but one key, held by many, falls away. Sorts `noted` in place."""
    noted.sort()
    pair = noted >> _NOTE
    fresh = np.append(True, pair[1:] != pair[:-1])[: len(pair)]
    only = fresh & np.append(fresh[1:], True)
    keep = ~(only & (noted & _MANY > 0))
    pair, fresh, number = pair[keep], fresh[keep], (noted[keep] & _PASS).astype(np.uint64)
    begins = np.flatnonzero(fresh)
    passes = np.bitwise_or.reduceat(np.uint64(1) << number, begins) if len(begins) else number
    pair = pair[begins]
    return Pairs((pair >> bits).astype(np.int32), (pair & ((1 << bits) - 1)).astype(np.int32), passes)
