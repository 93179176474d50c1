"""How often values, words and trigrams occur in the collection a model was trained on."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix

from .arrays import F32, F64, I64, U64
from .columns import Column, Features, spread

KEPT = 8192
_FEW_PAIRS = 200
"""Up to here array code of our own is cheaper than sparse matrices."""


def _pack(array: "np.ndarray[Any, np.dtype[Any]]") -> str:
    return base64.b64encode(array.tobytes()).decode()


@dataclass(frozen=True, eq=False)
class Frequencies:
    """Share of records holding each of the most frequent things; all others share one `rest`."""

    keys: U64
    """Sorted hashes."""
    shares: F32
    rest: float

    def share(self, hashes: U64) -> F64:
        """Share of records that hold each hash."""
        if not len(self.keys):
            return np.full(len(hashes), self.rest)
        at = np.minimum(np.searchsorted(self.keys, hashes), len(self.keys) - 1)
        return np.where(self.keys[at] == hashes, self.shares[at].astype(np.float64), self.rest)

    @classmethod
    def count(cls, hashes: U64, counts: I64, total: int) -> Self:
        """Keep the `KEPT` most frequent; equal counts are told apart by hash, so order does not matter."""
        if not len(hashes):
            return cls(np.zeros(0, np.uint64), np.zeros(0, np.float32), 1.0 / max(total, 1))
        often = np.flatnonzero(counts > 1)
        if len(often) > KEPT:
            often = often[np.lexsort((hashes[often], -counts[often]))[:KEPT]]
        mask = np.ones(len(hashes), bool)
        mask[often] = False
        rest = float(counts[mask].mean()) if mask.any() else 1.0
        order = often[np.argsort(hashes[often])]
        return cls(hashes[order], (counts[order] / max(total, 1)).astype(np.float32), rest / max(total, 1))

    def to_json(self) -> dict[str, Any]:
        return {"keys": _pack(self.keys), "shares": _pack(self.shares), "rest": float(self.rest)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            np.frombuffer(base64.b64decode(document["keys"]), np.uint64),
            np.frombuffer(base64.b64decode(document["shares"]), np.float32),
            float(document["rest"]),
        )


def value_frequencies(column: Column) -> Frequencies:
    """Share of each value among the values present."""
    return Frequencies.count(column.hashes, column.frequency, len(column.codes))


def feature_frequencies(features: Features) -> Frequencies:
    """Share of distinct values that hold each word or trigram."""
    keys, counts = np.unique(features.hashes, return_counts=True)
    return Frequencies.count(keys.astype(np.uint64), counts.astype(np.int64), len(features))


@dataclass(frozen=True, eq=False)
class Weighted:
    """Rows of unit length: words or trigrams of the distinct values, rare ones heavier; `norms` are their lengths."""

    features: Features
    weight: F32
    norms: F32

    @cached_property
    def matrix(self) -> csr_matrix:
        shape = (len(self.features), 1 << 31)
        matrix = csr_matrix((self.weight, self.features.hashes, self.features.starts), shape=shape)
        matrix.has_sorted_indices = True
        matrix.has_canonical_format = True
        return matrix


def weighted(column: Column, name: str, frequencies: Frequencies) -> Weighted:
    """Weighted words or trigrams of a column, remembered by it."""
    memory: dict[tuple[str, int], tuple[Frequencies, Weighted]] = column.__dict__.setdefault("_weighted", {})
    slot = (name, id(frequencies))
    if slot not in memory:
        features = column.words if name == "words" else column.grams
        share = frequencies.share(features.hashes.astype(np.uint64))
        weight = (1.0 - np.log(np.maximum(share, 1e-7))).astype(np.float32)
        counts = np.diff(features.starts)
        filled = counts > 0
        norms = np.ones(len(counts), np.float32)
        if len(weight):
            norms[filled] = np.sqrt(np.add.reduceat(weight * weight, features.starts[:-1][filled]))
        weight /= np.repeat(norms, counts)
        found = Weighted(features, weight, np.where(filled, norms, np.float32(0.0)))
        memory[slot] = (frequencies, found)
    return memory[slot][1]


def cosine(left: Weighted, right: Weighted, i: I64, j: I64, chunk: int = 100_000) -> F32:
    """Row-wise dot product of left[i] and right[j]."""
    if len(i) <= _FEW_PAIRS:
        return _cosine_of_few(left, right, i, j)
    out = np.zeros(len(i), np.float32)
    for at in range(0, len(i), chunk):
        product = left.matrix[i[at : at + chunk]].multiply(right.matrix[j[at : at + chunk]])
        out[at : at + chunk] = np.asarray(product.sum(axis=1)).ravel()
    return out


def _cosine_of_few(left: Weighted, right: Weighted, i: I64, j: I64) -> F32:
    """The same to the last bit, without the fixed cost of sparse matrices: what they have in common, summed alike."""
    one, hashes, weight = _rows_of(left, i)
    other, theirs, beside = _rows_of(right, j)
    mine, its = one << 31 | hashes, other << 31 | theirs
    at = np.minimum(np.searchsorted(its, mine), max(len(its) - 1, 0))
    shared = (its[at] == mine).nonzero()[0] if len(its) else np.zeros(0, np.int64)
    out = np.zeros(len(i), np.float32)
    if len(shared):
        pair = one[shared]
        begins = np.append(True, pair[1:] != pair[:-1]).nonzero()[0]
        out[pair[begins]] = np.add.reduceat(weight[shared] * beside[at[shared]], begins)
    return out


def _rows_of(weighted: Weighted, rows: I64) -> tuple[I64, I64, F32]:
    """Place in `rows`, hash and weight of every feature of these rows."""
    starts = weighted.features.starts
    group, offset = spread(starts[rows + 1] - starts[rows])
    at = starts[rows][group] + offset
    return group, weighted.features.hashes[at].astype(np.int64), weighted.weight[at]
