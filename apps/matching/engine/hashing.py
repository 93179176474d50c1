"""Stable 64-bit hashes of strings, tokens and character trigrams, computed column-wise.

The same string has the same hash in every process, run and batch: keys may be stored.
Zero is never the hash of a non-empty string; it stands for "no value".
"""

from collections.abc import Sequence
from functools import lru_cache
from operator import mul

import numpy as np

from .arrays import I64, U32, U64

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1
_CHUNK = 200_000
_FEW, _SHORT = 16, 400
_POWERS = [1]
"""Powers of the base, as many as the longest string so far has characters."""


def mix(h: U64) -> U64:
    """Finish a 64-bit hash (splitmix64) so that every input bit moves every output bit."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def combine(first: U64, second: U64) -> U64:
    """Ordered combination of two hashes."""
    return mix(first * np.uint64(0xD6E8FEB86659FD93) + second)


def code_points(values: Sequence[str]) -> tuple[U32, I64]:
    """All characters of `values` in one array (uint32) and the offsets (n + 1) of each value in it."""
    lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return np.frombuffer("".join(values).encode("utf-32-le", "surrogatepass"), dtype=np.uint32), offsets


def _hash_chunk(values: Sequence[str]) -> U64:
    chars, offsets = code_points(values)
    lengths = np.diff(offsets)
    out = np.zeros(len(values), np.uint64)
    if not len(chars):
        return out
    powers = np.full(int(lengths.max()), _BASE, np.uint64)
    powers[0] = 1
    powers = np.multiply.accumulate(powers)
    position = np.arange(len(chars), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
    terms = (chars.astype(np.uint64) + np.uint64(1)) * powers[position]
    filled = lengths > 0
    sums = np.add.reduceat(terms, offsets[:-1][filled])
    hashed = mix(sums + lengths[filled].astype(np.uint64) * np.uint64(0xA0761D6478BD642F))
    out[filled] = np.where(hashed == 0, np.uint64(1), hashed)
    return out


def hash_one(text: str) -> int:
    """The same hash without arrays: much faster for the few values of one incoming record."""
    if not text:
        return 0
    while len(_POWERS) < len(text):
        _POWERS.append(_POWERS[-1] * int(_BASE) & _MASK)
    total = sum(map(mul, map(ord, text), _POWERS)) + sum(_POWERS[: len(text)])
    return _mix_one(total + len(text) * 0xA0761D6478BD642F & _MASK) or 1


def _mix_one(h: int) -> int:
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _MASK
    return h ^ (h >> 31)


def combine_one(first: int, second: int) -> int:
    """`combine` of two plain numbers."""
    return _mix_one(first * 0xD6E8FEB86659FD93 + second & _MASK)


def hash_strings(values: Sequence[str]) -> U64:
    """Hash of each string (uint64[n]); 0 for the empty string."""
    if len(values) <= _FEW and sum(map(len, values)) <= _SHORT:
        return np.array([hash_one(v) for v in values], np.uint64)
    if len(values) <= _CHUNK:
        return _hash_chunk(values)
    parts = [_hash_chunk(values[i : i + _CHUNK]) for i in range(0, len(values), _CHUNK)]
    return np.concatenate(parts)


@lru_cache(maxsize=1024)
def hash_word(text: str) -> np.uint64:
    """Hash of one string; handy for salts."""
    return np.uint64(hash_one(text))


def trigrams(values: Sequence[str]) -> tuple[I64, I64]:
    """Character trigrams of " value ": (row of each gram, 31-bit hash of each gram)."""
    padded = [f" {v} " if v else "" for v in values]
    chars, offsets = code_points(padded)
    lengths = np.diff(offsets)
    counts = np.maximum(lengths - 2, 0)
    rows = np.repeat(np.arange(len(values), dtype=np.int64), counts)
    if not len(rows):
        return rows, rows
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)[:-1]])
    at = np.arange(len(rows), dtype=np.int64) - starts[rows] + offsets[:-1][rows]
    c = chars.astype(np.uint64)
    packed = (c[at] << np.uint64(42)) | (c[at + 1] << np.uint64(21)) | c[at + 2]
    return rows, (mix(packed + _BASE) >> np.uint64(33)).astype(np.int64)
