"""How often values, words and trigrams occur in the collection a model was trained on."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix

from .arrays import F32, F64, I64, U64
from .columns import Column

KEPT = 8192


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


def feature_frequencies(matrix: csr_matrix) -> Frequencies:
    """Share of distinct values that hold each word or trigram."""
    if not matrix.nnz:
        return Frequencies.count(np.zeros(0, np.uint64), np.zeros(0, np.int64), matrix.shape[0])
    keys, counts = np.unique(matrix.indices, return_counts=True)
    return Frequencies.count(keys.astype(np.uint64), counts.astype(np.int64), matrix.shape[0])


def weighted(column: Column, features: str, frequencies: Frequencies) -> tuple[csr_matrix, F32]:
    """Rows of unit length: words or trigrams of the distinct values, rare ones heavier; and the lengths they had."""
    memory: dict[tuple[str, int], tuple[Frequencies, csr_matrix, F32]] = column.__dict__.setdefault(
        "_weighted", {}
    )
    slot = (features, id(frequencies))
    if slot not in memory:
        plain: csr_matrix = column.words if features == "words" else column.grams
        share = frequencies.share(plain.indices.astype(np.uint64))
        weight = (1.0 - np.log(np.maximum(share, 1e-7))).astype(np.float32)
        counts = np.diff(plain.indptr)
        filled = counts > 0
        norm = np.ones(len(counts), np.float32)
        if len(weight):
            norm[filled] = np.sqrt(np.add.reduceat(weight * weight, plain.indptr[:-1][filled]))
        matrix = csr_matrix(
            (weight / np.repeat(norm, counts), plain.indices, plain.indptr), shape=plain.shape
        )
        matrix.has_sorted_indices = True
        matrix.has_canonical_format = True
        memory[slot] = (frequencies, matrix, np.where(filled, norm, np.float32(0.0)))
    return memory[slot][1:]


def cosine(left: csr_matrix, right: csr_matrix, i: I64, j: I64, chunk: int = 100_000) -> F32:
    """Row-wise dot product of left[i] and right[j]."""
    out = np.zeros(len(i), np.float32)
    for at in range(0, len(i), chunk):
        product = left[i[at : at + chunk]].multiply(right[j[at : at + chunk]])
        out[at : at + chunk] = np.asarray(product.sum(axis=1)).ravel()
    return out
