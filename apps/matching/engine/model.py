"""A model: what training has learned (or the priors), immutable, JSON both ways, named by its content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from .arrays import F64
from .comparators import Rarity
from .contracts import Config
from .hashing import hash_strings
from .priors import DEFAULT_LOG_ODDS, PRIORS, WEIGHT_RANGE, caution_of
from .rarity import Frequencies
from .vocabulary import COMMON_WORDS

_DIGITS = 6
BELIEF_SHARE = 0.15
"""Learned and believed weights are averaged: labels nobody gave should not overrule what is known of names."""
EQUAL_BELIEF_SHARE = 0.0
"""Chance equality is counted, not estimated, so it needs no belief."""


@dataclass(frozen=True, eq=False)
class AttributeModel:
    """Of one attribute: m and u of levels 1..9, the resulting weights, and how usual its values are."""

    m: F64
    u: F64
    believed: F64
    """Weights of levels 1..9 by prior belief alone."""
    caution: F64
    """Bits taken from levels 1..9 because records found together are often neighbours or siblings."""
    values: Frequencies
    rarity: Rarity
    scale: float = 1.0
    """Multiplier learned from stewards' labels; 1 means evidence counts as if independent."""
    fixed: tuple[float, ...] = ()
    """Weights of levels 1..9 that a person set in place of what m and u give; empty: none."""
    by_rarity: bool = True
    """Whether an equal value counts the more the rarer it is (term frequency)."""
    usual: float = 0.0
    """Chance that two records share a value, matches included: what a value's share is measured against; 0 = u."""

    @property
    def common(self) -> float:
        return self.usual or float(self.u[-1])

    @cached_property
    def weights(self) -> F64:
        """Weight in bits by level 0..9; rises with similarity; missing counts nothing."""
        if self.fixed:
            return np.concatenate([[0.0], np.clip(self.fixed, *WEIGHT_RANGE)])
        learned = np.log2(np.maximum(self.m, 1e-9) / np.maximum(self.u, 1e-9))
        share = np.append(np.full(len(learned) - 1, BELIEF_SHARE), EQUAL_BELIEF_SHARE)
        raw = (1.0 - share) * learned + share * self.believed + self.caution
        return np.concatenate([[0.0], np.clip(rising(raw, self.m + self.u), *WEIGHT_RANGE)])

    def to_json(self) -> dict[str, Any]:
        by_hand: dict[str, Any] = {"fixed": [round(bits, 2) for bits in self.fixed]} if self.fixed else {}
        if not self.by_rarity:
            by_hand["by_rarity"] = False
        return by_hand | {
            "m": [round(float(x), _DIGITS + 3) for x in self.m],
            "u": [round(float(x), _DIGITS + 3) for x in self.u],
            "believed": [round(float(x), _DIGITS) for x in self.believed],
            "caution": [round(float(x), _DIGITS) for x in self.caution],
            "values": self.values.to_json(),
            "words": self.rarity.words.to_json(),
            "grams": self.rarity.grams.to_json(),
            "scale": round(self.scale, _DIGITS),
            "usual": round(self.usual, _DIGITS + 6),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        rarity = Rarity(Frequencies.from_json(document["words"]), Frequencies.from_json(document["grams"]))
        values = Frequencies.from_json(document["values"])
        levels = {name: np.array(document[name]) for name in ("m", "u", "believed", "caution")}
        return cls(
            **levels,
            values=values,
            rarity=rarity,
            scale=float(document["scale"]),
            usual=float(document.get("usual", 0.0)),
            fixed=tuple(float(bits) for bits in document.get("fixed", ())),
            by_rarity=bool(document.get("by_rarity", True)),
        )


def rising(weights: F64, mass: F64) -> F64:
    """Nearest non-decreasing sequence (pool adjacent violators), each entry weighing as much as its mass."""
    pools: list[list[float]] = []
    for value, weight in zip(weights, mass, strict=True):
        pools.append([float(value), max(float(weight), 1e-12), 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            value2, weight2, n2 = pools.pop()
            value1, weight1, n1 = pools.pop()
            total = weight1 + weight2
            pools.append([(value1 * weight1 + value2 * weight2) / total, total, n1 + n2])
    return np.concatenate([np.full(int(n), v) for v, _, n in pools])


@dataclass(frozen=True, eq=False)
class Model:
    """Everything a score depends on besides the two records and the configuration."""

    kind: str
    log_odds: float
    """Prior weight (bits) of a pair of records being one."""
    attributes: Mapping[str, AttributeModel]
    trained_pairs: int = 0
    trained_records: int = 0
    slope: float = 1.0
    """Total weight times slope = calibrated log-odds."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    repeats: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Two attributes that repeat each other -> share of the weaker agreement that counts."""
    kin: float | None = None
    """Prior weight (bits) of a match against relatives, who share all but what tells them apart; None: unknown."""

    def to_json(self) -> dict[str, Any]:
        repeats = [[*names, round(share, _DIGITS)] for names, share in sorted(self.repeats.items())]
        # Named only where there are some: models stored before keep their version.
        kin = {} if self.kin is None else {"kin": round(self.kin, _DIGITS)}
        return (
            ({"repeats": repeats} if repeats else {})
            | kin
            | {
                "kind": self.kind,
                "log_odds": round(self.log_odds, _DIGITS),
                "slope": round(self.slope, _DIGITS),
                "trained_pairs": self.trained_pairs,
                "trained_records": self.trained_records,
                "notes": dict(self.notes),
                "attributes": {name: a.to_json() for name, a in self.attributes.items()},
            }
        )

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        attributes = {name: AttributeModel.from_json(a) for name, a in document["attributes"].items()}
        repeats = {(one, two): float(share) for one, two, share in document.get("repeats", ())}
        return cls(**{**document, "attributes": attributes, "repeats": repeats})

    @cached_property
    def version(self) -> str:
        """Hash of the content: equal models have equal versions wherever they were trained."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def rounded(self) -> "Model":
        """The model as it will come back from JSON, so that scores before and after storing are the same."""
        return Model.from_json(self.to_json())


def _common_words() -> Frequencies:
    hashed = np.unique(hash_strings(sorted(COMMON_WORDS)) >> np.uint64(33))
    return Frequencies(hashed, np.full(len(hashed), 0.02, np.float32), 0.0002)


def default_model(config: Config) -> Model:
    """The priors alone: decides sensibly before there is data to learn from."""
    words = _common_words()
    empty = np.zeros(0, np.uint64)
    attributes = {}
    for a in config.compared:
        prior = PRIORS[a.type]
        m = np.array(prior.m) / sum(prior.m)
        # The share of an unknown value equals the chance equality of its type: no correction before counts exist.
        values = Frequencies(empty, np.zeros(0, np.float32), float(prior.u[-1]))
        grams = Frequencies(empty, np.zeros(0, np.float32), 0.001)
        attributes[a.name] = AttributeModel(
            m, prior.u, np.array(prior.weight), caution_of(a.type), values, Rarity(words, grams)
        )
    return Model(config.kind, DEFAULT_LOG_ODDS, attributes).rounded()
