"""Blocking: stable keys of each record, and a bounded number of candidate pairs from records that share a key."""

import math

import numpy as np

from .arrays import I32, I64, U8, U64
from .columns import spread
from .contracts import Config, Keys, Pairs
from .fewkeys import FEW_RECORDS, keys_of_few
from .hashing import combine, hash_word
from .keyparts import TRANSFORMS
from .prepare import Prepared

_COMFORT = 60_000
"""Below this many records larger blocks cost little, so the cap may be looser."""


def _part_rows(prepared: Prepared, part: str, memory: dict[str, tuple[I32, U64]]) -> tuple[I32, U64]:
    """(record, hash) of one part for all records, records ascending."""
    if part not in memory:
        name, _, how = part.partition(":")
        column = prepared.columns[name]
        codes, hashed = TRANSFORMS[how or "value"](column)
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


def _block_pairs(row: I32, starts: I64, size: int) -> tuple[I32, I32]:
    members = row[starts[:, None] + np.arange(size)]
    a, b = np.triu_indices(size, 1)
    return members[:, a].ravel(), members[:, b].ravel()


def candidate_pairs(keys: Keys, *, cap: int, side: U8 | None = None) -> Pairs:
    """Pairs that share a key of at most `cap` records, each once, left < right, ordered.

    With `side` (one small integer a record) only pairs of different sides are made. A key shared by more than
    `cap` records makes none, so the number of pairs is at most len(keys) * (cap - 1) / 2.
    """
    order = np.argsort(keys.key, kind="stable")
    key, row, number = keys.key[order], keys.row[order], keys.pass_no[order]
    begins = (
        np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.zeros(0, np.int64)
    )
    sizes = np.diff(np.concatenate([begins, [len(key)]]))
    ids: list[I64] = []
    masks: list[U64] = []
    for size in range(2, cap + 1):
        starts = begins[sizes == size]
        step = max(1, 4_000_000 // (size * size))
        for at in range(0, len(starts), step):
            some = starts[at : at + step]
            a, b = _block_pairs(row, some, size)
            bit = np.repeat(np.uint64(1) << number[some].astype(np.uint64), size * (size - 1) // 2)
            keep = a != b if side is None else (a != b) & (side[a] != side[b])
            low, high = np.minimum(a, b)[keep].astype(np.int64), np.maximum(a, b)[keep].astype(np.int64)
            ids.append((low << 32) | high)
            masks.append(bit[keep])
    return _once(ids, masks)


def pairs_between(left: Keys, right: Keys, *, cap: int) -> Pairs:
    """Pairs of a left and a right record that share a key held by at most `cap` right records."""
    order = np.argsort(right.key, kind="stable")
    key, row = right.key[order], right.row[order]
    first = np.searchsorted(key, left.key, "left")
    counts = np.searchsorted(key, left.key, "right") - first
    group, offset = spread(np.where(counts <= cap, counts, 0).astype(np.int64))
    ids = (left.row[group].astype(np.int64) << 32) | row[first[group] + offset]
    return _once([ids], [np.uint64(1) << left.pass_no[group].astype(np.uint64)])


def _once(ids: list[I64], masks: list[U64]) -> Pairs:
    every = np.concatenate(ids) if ids else np.zeros(0, np.int64)
    if not len(every):
        return Pairs(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint64))
    order = np.argsort(every, kind="stable")
    every = every[order]
    begins = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]]))
    mask = np.bitwise_or.reduceat(np.concatenate(masks)[order], begins)
    unique = every[begins]
    return Pairs((unique >> 32).astype(np.int32), (unique & 0xFFFFFFFF).astype(np.int32), mask)
