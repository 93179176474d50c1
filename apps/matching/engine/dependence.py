"""Attributes that repeat each other: how much the weaker of two agreements still says, learned without labels."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from .arrays import F64, Bools
from .contracts import Attribute, Config

STEPS = np.arange(0.0, 1.05, 0.1)
"""Shares of the weaker evidence that are tried."""
LEAST_PAIRS = 60
"""Pairs that agree in both attributes below which nothing is learned of the two."""
AGREEING = 3.0
"""Bits from which an attribute agrees."""
DOUBT = 20.0
"""Bits by which a share must be likelier than independence for each whole it takes away."""
SURE = 2.0
"""All else of one pair counts up to this many bits, for or against: it is never quite independent itself."""
_HOUSE = frozenset({"family_name", "street", "house_number", "postcode", "city", "phone"})
"""What people of one household share."""
_NAMES = frozenset({"organisation_name", "person_name", "family_name", "given_name"})
_WEB = frozenset({"domain", "email"})
"""What is made from names: namesakes have it in common, strangers or not."""


def learn_dependence(
    weights: F64, evidence: F64, log_odds: float, config: Config
) -> dict[tuple[str, str], float]:
    """Per two attributes that repeat each other the share in [0, 1] of the weaker positive weight that counts.

    `weights` and `evidence` [pairs, attributes] are bits of candidate pairs, the second without caution. Two
    namesakes have one web address and two of a family one house; whether pairs that agree in both are matches shows
    in all else they have. The share is the one under which that is likeliest; attributes not named count whole.
    """
    out: dict[tuple[str, str], float] = {}
    attributes = config.compared
    for j, k in combinations(range(len(attributes)), 2):
        one, two = attributes[j], attributes[k]
        if _same_fact(one, two) or not _may_repeat(one, two, attributes):
            continue
        rest = [n for n, a in enumerate(attributes) if not _same_fact(a, one) and not _same_fact(a, two)]
        agreeing = np.flatnonzero((weights[:, j] > AGREEING) & (weights[:, k] > AGREEING))
        if len(agreeing) < LEAST_PAIRS or not rest:
            continue
        other = np.clip(evidence[agreeing][:, rest].sum(1), -SURE, SURE)
        low = np.minimum(weights[agreeing, j], weights[agreeing, k])
        high = np.maximum(weights[agreeing, j], weights[agreeing, k])
        likely = [_likelihood(log_odds + high + share * low, other) + DOUBT * share for share in STEPS]
        best = float(STEPS[int(np.argmax(likely))])
        if best < 1.0:
            out[one.name, two.name] = best
    return out


def _may_repeat(one: Attribute, two: Attribute, attributes: tuple[Attribute, ...]) -> bool:
    types = {one.type, two.type}
    household = types <= _HOUSE and any(a.type == "family_name" for a in attributes)
    return household or bool(types & _NAMES and types & _WEB)


def _same_fact(one: Attribute, two: Attribute) -> bool:
    return bool(set(one.sources) & set(two.sources)) or (bool(one.group) and one.group == two.group)


def _likelihood(bits: F64, evidence: F64) -> float:
    """Bits of likelihood of the evidence where a pair is a match with log-odds `bits`."""
    p = 1.0 / (1.0 + np.exp2(-np.clip(bits, -60, 60)))
    return float(np.log2(p * np.exp2(evidence) + 1.0 - p).sum())


def damp(weights: F64, shares: Mapping[tuple[str, str], float], config: Config) -> F64:
    """`weights` with the weaker of two positive ones that repeat each other cut to its share."""
    if not shares:
        return weights
    index = {a.name: k for k, a in enumerate(config.compared)}
    factor = np.ones_like(weights)
    for (one, two), share in shares.items():
        j, k = index[one], index[two]
        both: Bools = (weights[:, j] > 0) & (weights[:, k] > 0)
        weaker = weights[:, j] < weights[:, k]
        for n, cut in ((j, both & weaker), (k, both & ~weaker)):
            factor[cut, n] = np.minimum(factor[cut, n], share)
    return weights * factor
