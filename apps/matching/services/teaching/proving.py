"""Prove a refined model on labels it has not seen: stratified folds of whole groups, before beside after."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from apps.matching.engine import Band, Model, Scores
from apps.matching.engine.arrays import F64, I64, Bools
from apps.matching.engine.evaluation import quality

FOLDS = 5
BINS = 10
CURVE = (0.25, 0.5, 0.75, 1.0)
_CLIP = 1e-6
Learn = Callable[[Scores, Bools], Model]
Score = Callable[[Model, I64], Scores]
"""Score the labels at these positions by a model."""


@dataclass(frozen=True, slots=True)
class Measured:
    """How well probabilities agree with labels. Precision, recall and F1 are at the match threshold."""

    precision: float
    recall: float
    f1: float
    log_loss: float
    calibration_error: float
    bins: tuple[tuple[float, float, int], ...]
    """(mean probability told, share that matched, labels) of each tenth that holds labels."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A held-back label whose band the refined model changes."""

    at: int
    before: float
    after: float
    before_band: str
    after_band: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Mean held-back quality after learning from a part of the labels."""

    labels: int
    f1: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What learning is worth on labels that were held back."""

    before: Measured
    after: Measured
    flips: tuple[Flip, ...]
    curve: tuple[CurvePoint, ...]
    folds: int


def folds_of(is_match: Bools, group: I64, folds: int = FOLDS) -> I64:
    """Return a fold for each label: whole groups, matches and others spread evenly. Deterministic."""
    order = sorted(np.unique(group).tolist(), key=lambda g: (-int((group == g).sum()), g))
    load = np.zeros((folds, 2))
    fold_of: dict[int, int] = {}
    for each in order:
        inside = group == each
        mine = np.array([int((inside & is_match).sum()), int((inside & ~is_match).sum())])
        # The fold that lacks most of what this group has the more of.
        kind = int(mine.argmax())
        chosen = min(range(folds), key=lambda fold: (load[fold, kind], load[fold].sum(), fold))
        load[chosen] += mine
        fold_of[each] = chosen
    return np.array([fold_of[each] for each in group.tolist()], np.int64)


def measure(probability: F64, is_match: Bools, threshold: float) -> Measured:
    """Measure probabilities against labels; log loss in bits per label."""
    said = probability >= threshold
    found = quality(float((said & is_match).sum()), float(said.sum()), float(is_match.sum()))
    p = np.clip(probability, _CLIP, 1 - _CLIP)
    loss = -np.log2(np.where(is_match, p, 1 - p))
    which = np.minimum((probability * BINS).astype(int), BINS - 1)
    bins, error = [], 0.0
    for number in range(BINS):
        inside = which == number
        if count := int(inside.sum()):
            told, true = float(probability[inside].mean()), float(is_match[inside].mean())
            bins.append((round(told, 4), round(true, 4), count))
            error += abs(told - true) * count / len(probability)
    return Measured(
        round(found.precision, 4), round(found.recall, 4), round(found.f1, 4), round(float(loss.mean()), 4),
        round(error, 4), tuple(bins),
    )  # fmt: skip


def prove(
    scores: Scores, is_match: Bools, group: I64, learn: Learn, score: Score,
    threshold: float,
) -> Proof:  # fmt: skip
    """Hold back each fold in turn, learn from the others, and compare on what was held back."""
    fold = folds_of(is_match, group)
    used = [number for number in range(FOLDS) if (fold == number).any() and (fold != number).any()]
    after, bands = scores.probability.copy(), scores.band.copy()
    for number in used:
        held = np.flatnonzero(fold == number)
        rest = np.flatnonzero(fold != number)
        model = learn(scores.take(rest), is_match[rest])
        seen = score(model, held)
        after[held], bands[held] = seen.probability, seen.band
    changed = np.flatnonzero(bands != scores.band)
    changed = changed[np.argsort(-np.abs(after[changed] - scores.probability[changed]), kind="stable")]
    flips = tuple(
        Flip(
            int(at), round(float(scores.probability[at]), 4), round(float(after[at]), 4),
            Band(int(scores.band[at])).name, Band(int(bands[at])).name, bool(is_match[at]),
        )
        for at in changed
    )  # fmt: skip
    curve = [_point(share, fold, used, scores, is_match, learn, score, threshold) for share in CURVE]
    return Proof(
        measure(scores.probability, is_match, threshold), measure(after, is_match, threshold), flips, tuple(curve),
        len(used),
    )  # fmt: skip


def _point(
    share: float, fold: I64, used: list[int], scores: Scores, is_match: Bools, learn: Learn,
    score: Score, threshold: float,
) -> CurvePoint:  # fmt: skip
    probability = scores.probability.copy()
    sizes = []
    for number in used:
        held, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        some = _part(rest, is_match[rest], share)
        sizes.append(len(some))
        probability[held] = score(learn(scores.take(some), is_match[some]), held).probability
    found = measure(probability, is_match, threshold)
    return CurvePoint(round(float(np.mean(sizes))) if sizes else 0, found.f1, found.log_loss)


def _part(rest: I64, is_match: Bools, share: float) -> I64:
    """Return an even part of the labels with as many matches and others as the share says."""
    chosen = []
    for kind in (True, False):
        own = rest[is_match == kind]
        count = round(len(own) * share)
        chosen.append(own[np.linspace(0, len(own) - 1, count).round().astype(int)] if count else own[:0])
    return np.sort(np.concatenate(chosen))
