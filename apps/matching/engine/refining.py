"""Sharpen a model with stewards' decisions: a multiplier per attribute and a shift, held near 1 and 0."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from .arrays import F64, Bools
from .contracts import Scores
from .model import Model

HOLD = 20.0
"""How firmly multipliers are held at 1, in labels: a few dozen labels of doubtful pairs overfit otherwise."""
HOLD_SHIFT = 1.0
"""How firmly the prior is held: people answer doubtful pairs, whose share of matches is not that of all pairs."""
_LN2 = float(np.log(2.0))


def refine(model: Model, scores: Scores, is_match: Bools, names: tuple[str, ...]) -> Model:
    """A model whose attributes are rescaled to agree with labelled pairs.

    `scores` are the labelled pairs scored by `model`; `names` the compared attributes in column order. Few labels
    change little: each multiplier is pulled towards 1 and stays within 0.2 and 3. Deterministic.
    """
    if len(scores) != len(is_match):
        raise ValueError(f"{len(scores)} scored pairs, but {len(is_match)} labels")
    if not len(scores) or not scores.weights.any():
        return model
    weights = scores.weights.astype(np.float64)
    target = np.where(is_match, 1.0, -1.0)

    def loss(theta: F64) -> tuple[float, F64]:
        bits = model.log_odds + theta[-1] + weights @ theta[:-1]
        margin = np.clip(target * bits * _LN2 * model.slope, -500, 500)
        push = -target * _LN2 * model.slope / (1.0 + np.exp(margin))
        away = theta - start
        hold = np.append(np.full(len(names), HOLD), HOLD_SHIFT)
        value = float(np.logaddexp(0.0, -margin).sum() + (hold * away * away).sum())
        return value, np.append(weights.T @ push, push.sum()) + 2 * hold * away

    start = np.append(np.ones(len(names)), 0.0)
    limits = [(0.2, 3.0)] * len(names) + [(-8.0, 8.0)]
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits).x
    attributes = dict(model.attributes)
    for name, scale in zip(names, theta[:-1], strict=True):
        attributes[name] = replace(attributes[name], scale=attributes[name].scale * float(scale))
    notes = {**model.notes, "labels": int(model.notes.get("labels", 0)) + len(scores)}
    refined = replace(model, attributes=attributes, log_odds=model.log_odds + float(theta[-1]), notes=notes)
    return refined.rounded()
