"""How good: precision, recall and F1 of pairs, pairs F1 and B-cubed of clusters, against a known truth."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from .arrays import F64, I64, U8, Bools


@dataclass(frozen=True)
class Quality:
    precision: float
    recall: float
    f1: float


def quality(hits: float, predicted: float, true: float) -> Quality:
    """From counts of right predictions, predictions and true pairs."""
    p = hits / predicted if predicted else 0.0
    r = hits / true if true else 0.0
    return Quality(p, r, 2 * p * r / (p + r) if p + r else 0.0)


class Truth:
    """The truth as clusters of `labels` (int[n]) or as explicit pairs; with `side`, only pairs across sides count."""

    def __init__(
        self,
        n: int,
        *,
        labels: I64 | None = None,
        pairs: tuple[I64, I64] | None = None,
        side: U8 | None = None,
    ) -> None:
        self.n, self.side, self._keys = n, side, None
        if pairs is not None:
            a, b = np.minimum(*pairs).astype(np.int64), np.maximum(*pairs).astype(np.int64)
            self._keys = np.unique(a * n + b)
            graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(n, n))
            labels = connected_components(graph, directed=False)[1]
        if labels is None:
            raise ValueError("give the truth as labels or as pairs")
        self.labels = np.asarray(labels, np.int64)
        self.total = len(self._keys) if self._keys is not None else self.count(self.labels)

    def count(self, labels: I64) -> int:
        """Pairs inside the clusters."""

        def pairs(sizes: I64) -> int:
            return int((sizes * (sizes - 1) // 2).sum())

        _, dense = np.unique(labels, return_inverse=True)
        every = pairs(np.bincount(dense).astype(np.int64))
        if self.side is None:
            return every
        inside = dense * (int(self.side.max(initial=0)) + 1) + self.side
        return every - pairs(np.bincount(inside).astype(np.int64))

    def holds(self, a: I64, b: I64) -> Bools:
        """Which of the pairs are true."""
        low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
        if self._keys is None:
            same: Bools = self.labels[low] == self.labels[high]
            return same if self.side is None else same & (self.side[low] != self.side[high])
        return np.isin(low * self.n + high, self._keys)

    def pairs(self, a: I64, b: I64, chosen: Bools) -> Quality:
        """Quality of the chosen candidate pairs; true pairs that were no candidates count as missed."""
        return quality(float((self.holds(a, b) & chosen).sum()), float(chosen.sum()), self.total)

    def best(self, a: I64, b: I64, score: F64) -> tuple[float, float]:
        """Best F1 over all thresholds, and that threshold."""
        if not len(score):
            return 0.0, 0.0
        order = np.argsort(-score, kind="stable")
        hits = np.cumsum(self.holds(a, b)[order])
        f1 = 2 * hits / (np.arange(1, len(order) + 1) + self.total)
        sorted_score = score[order]
        f1[:-1][sorted_score[1:] == sorted_score[:-1]] = 0.0
        at = int(f1.argmax())
        return float(f1[at]), float(sorted_score[at])

    def clusters(self, labels: I64) -> tuple[Quality, Quality]:
        """Pairs inside clusters, and B-cubed."""
        if self._keys is not None:
            hits = int((labels[self._keys // self.n] == labels[self._keys % self.n]).sum())
        else:
            joint = np.unique(np.stack([labels, self.labels]), axis=1, return_inverse=True)[1].ravel()
            hits = self.count(joint.astype(np.int64))
        return quality(hits, self.count(labels), self.total), self._b_cubed(labels)

    def _b_cubed(self, labels: I64) -> Quality:
        joint = np.unique(np.stack([labels, self.labels]), axis=1, return_inverse=True)[1].ravel()
        shared = np.bincount(joint)[joint].astype(float)
        mine = np.unique(labels, return_inverse=True)[1]
        p = float((shared / np.bincount(mine)[mine]).mean())
        true = np.unique(self.labels, return_inverse=True)[1]
        r = float((shared / np.bincount(true)[true]).mean())
        return Quality(p, r, 2 * p * r / (p + r) if p + r else 0.0)
