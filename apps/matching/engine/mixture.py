"""The mixture: how levels spread over matches and over others, by expectation-maximisation in each blocking pass."""

from collections.abc import Mapping

import numpy as np

from .arrays import F64, U8, U64
from .contracts import Attribute, Config
from .priors import LEVELS, PRIORS, identity_of
from .scoring import used_by

EM_ROUNDS = 30
PRIOR_M = 30.0
"""How many matched pairs the prior belief about an attribute is worth."""
PRIOR_U = 60.0
PRIOR_NEAR = 100.0
"""How many pairs of strangers the chance of random pairs is worth when it is corrected by what passes find."""
NEARBY = 0.5
"""How far strangers that share a blocking key, rather than strangers at random, say what chance makes of levels."""
ECHO = 0.5
"""How much attributes of one group say besides the strongest: whoever moves changes street, city and postcode."""
LEAST_PAIRS = 30
"""A pass with fewer pairs teaches nothing."""


def _em(
    levels: U8,
    used: list[int],
    attributes: tuple[Attribute, ...],
    chance: Mapping[str, F64],
    priors: Mapping[str, F64],
) -> tuple[dict[int, F64], dict[int, F64], float]:
    """Expectation-maximisation over one pass's pairs: m and u of each used attribute, expected matches.

    Three kinds of pairs are told apart: matches, strangers and relatives, who share what households share but agree
    in what tells its people apart no more than strangers do. Without the third kind they pass for matches.
    """
    code = np.zeros(len(levels), np.int64)
    for k in used:
        code = code * LEVELS + levels[:, k]
    _, index, count = np.unique(code, return_index=True, return_counts=True)
    # One number per attribute and level, so that a round looks up and counts all attributes at once.
    pattern, weight = levels[index][:, used] + np.arange(len(used)) * LEVELS, count.astype(np.float64)
    m = {k: priors[attributes[k].name].copy() for k in used}
    u = {k: chance[attributes[k].name].copy() for k in used}
    identity = identity_of({a.type for a in attributes})
    telling = {k for k in used if attributes[k].type in identity}
    near = {k: (u if k in telling else m)[k].copy() for k in used}
    kinds = [m, u, near] if telling and len(telling) < len(used) else [m, u]
    groups = _groups(attributes, used)
    shares = np.array([0.3, 0.5, 0.2] if len(kinds) == 3 else [0.3, 0.7])
    for _ in range(EM_ROUNDS):
        logs = np.repeat(np.log(shares)[:, None], len(pattern), axis=1)
        strangers = _evidence(u, used)
        for c in range(len(kinds)):
            if c != 1:
                logs[c] += _once_a_group((_evidence(kinds[c], used) - strangers)[pattern], groups)
        p = np.exp(logs - logs.max(axis=0))
        p *= weight / p.sum(axis=0)
        shares = np.clip(p.sum(axis=1) / weight.sum(), 1e-4, 0.995)
        for c, kind in enumerate(kinds):
            spread = np.repeat(p[c], len(used))
            counts = np.bincount(pattern.ravel(), weights=spread, minlength=len(used) * LEVELS)
            for k, seen in zip(used, counts.reshape(-1, LEVELS)[:, 1:], strict=True):
                if c == 2 and k in telling:
                    continue
                name = attributes[k].name
                belief, worth = (chance[name], PRIOR_U) if c == 1 else (priors[name], PRIOR_M)
                kind[k] = (seen + worth * belief) / (seen.sum() + worth)
    return m, u, float(shares[0]) * float(weight.sum())


def _evidence(kind: Mapping[int, F64], used: list[int]) -> F64:
    """Logarithms of the chances of levels 0..9 of each used attribute, one after the other; missing says nothing."""
    table = np.zeros((len(used), LEVELS))
    table[:, 1:] = np.log(np.maximum(np.stack([kind[k] for k in used]), 1e-9))
    return table.ravel()


def _groups(attributes: tuple[Attribute, ...], used: list[int]) -> list[list[int]]:
    """Positions in `used` of the attributes of each group of several."""
    named = [attributes[k].group for k in used]
    return [[at for at, g in enumerate(named) if g == group] for group in dict.fromkeys(named) if group]


def _once_a_group(ratios: F64, groups: list[list[int]]) -> F64:
    """Sum of logarithms of ratios [patterns, attributes]; in a group the strongest each way whole, the rest in part."""
    for members in groups:
        part = ratios[:, members]
        whole = (part == part.max(1, keepdims=True)) | (part == part.min(1, keepdims=True))
        ratios[:, members] = np.where(whole, part, part * ECHO)
    return np.asarray(ratios.sum(1), np.float64)


def learn(
    levels: U8, passes: U64, config: Config, chance: Mapping[str, F64]
) -> tuple[dict[str, F64], dict[str, F64]]:
    """m and u of each attribute: averages over the passes that do not look at it, with the prior.

    `chance` is u over random pairs. Half similar values are far commoner among records that share a blocking key
    (companies of a group, houses of a street) than at random; so u is taken half-way between the two, except of
    equal values, whose chance is counted.
    """
    attributes = config.compared
    m = {a.name: PRIOR_M * np.array(PRIORS[a.type].m) / sum(PRIORS[a.type].m) for a in attributes}
    priors = {name: belief / PRIOR_M for name, belief in m.items()}
    u = {a.name: PRIOR_NEAR * chance[a.name] for a in attributes}
    for number in range(len(config.passes)):
        found = np.flatnonzero((passes >> np.uint64(number)) & np.uint64(1))
        used = [k for k, a in enumerate(attributes) if not used_by(a, config, number)]
        if len(found) < LEAST_PAIRS or len(used) < 2:
            continue
        matches, others, expected = _em(levels[found], used, attributes, chance, priors)
        for k in used:
            name, seen = attributes[k].name, float((levels[found, k] > 0).mean())
            m[name] = m[name] + matches[k] * expected * seen
            u[name] = u[name] + others[k] * max(len(found) - expected, 1.0) * seen
    return (
        {name: total / total.sum() for name, total in m.items()},
        {name: _between(chance[name], total / total.sum()) for name, total in u.items()},
    )


def _between(random: F64, near: F64) -> F64:
    out = random ** (1.0 - NEARBY) * near**NEARBY
    out[-1] = random[-1]
    out[:-1] *= (1.0 - out[-1]) / max(float(out[:-1].sum()), 1e-12)
    return np.asarray(out, np.float64)
