"""Compare source records with the engine and turn its arrays into pairs with evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

import numpy as np

from apps.golden.spec import Document, EntitySpec
from apps.matching.compared import Edge
from apps.matching.contracts import FoundPair
from apps.matching.engine import (
    Band,
    Pairs,
    Prepared,
    Scores,
    prepare,
    score_hopeful,
    score_pairs,
    threshold_weight,
)
from apps.matching.features import cell_of, table_of
from apps.matching.keyring import Pair
from apps.matching.prepared import Form, keys_by_record, restore
from apps.matching.rule import Rule

__all__ = ["Compared", "Rule", "compare", "evidence", "found_pair", "in_band", "keys_of", "score"]


@dataclass(frozen=True)
class Compared:
    """Records prepared together, the pairs among them and their scores; positions index `ids`."""

    ids: list[UUID]
    prepared: Prepared
    pairs: Pairs
    scores: Scores

    def edges(self, *, least: Band = Band.NO_MATCH) -> list[Edge]:
        """Return the pairs of this band and above."""
        chosen = np.flatnonzero(self.scores.band >= least)
        return [
            Edge(self.ids[left], self.ids[right], weight, round(probability, 9), band)
            for left, right, weight, probability, band in zip(
                self.pairs.left[chosen].tolist(),
                self.pairs.right[chosen].tolist(),
                self.scores.weight[chosen].tolist(),
                self.scores.probability[chosen].tolist(),
                self.scores.band[chosen].tolist(),
                strict=True,
            )
        ]


def keys_of(
    spec: EntitySpec, rule: Rule, ids: Sequence[UUID], documents: Sequence[Document]
) -> dict[UUID, list[int]]:
    """Return the blocking keys of each record; the same for the same values, now and later."""
    prepared = prepare(table_of(spec, ids, documents), rule.config)
    return dict(zip(ids, keys_by_record(spec, rule, prepared), strict=True))


def compare(
    spec: EntitySpec, rule: Rule, documents: Mapping[UUID, Document], pairs: Iterable[Pair]
) -> Compared:
    """Score these pairs of records from their standardized values."""
    ids = sorted(documents)
    prepared = prepare(table_of(spec, ids, [documents[record] for record in ids]), rule.config)
    return _scored(rule, ids, prepared, pairs)


def score(
    rule: Rule, forms: Mapping[UUID, Form], pairs: Iterable[Pair], *, least: Band = Band.NO_MATCH
) -> Compared:
    """Score these pairs of prepared records; the same scores as `compare` gives, for much less.

    Pairs of records whose form is not there are left out.
    Of pairs that do not reach the band `least` only that may be told, which costs less still.
    """
    ids = sorted(forms, key=attrgetter("int"))  # the order of UUIDs, compared as numbers
    return _scored(rule, ids, restore(rule, [forms[record] for record in ids]), pairs, least)


_SLACK = 0.01
_MANY = 200
"""From so many pairs on it pays to look at cheap attributes first and to drop who cannot reach a band."""


def _scored(
    rule: Rule, ids: list[UUID], prepared: Prepared, pairs: Iterable[Pair], least: Band = Band.NO_MATCH
) -> Compared:
    position = {record: row for row, record in enumerate(ids)}
    rows = ((position.get(one), position.get(other)) for one, other in pairs)
    wanted = sorted(
        {
            one << 32 | other if one < other else other << 32 | one
            for one, other in rows
            if one is not None and other is not None
        }
    )
    both = np.array(wanted, np.int64)
    left, right = (both >> 32).astype(np.int32), (both & 0xFFFFFFFF).astype(np.int32)
    found = Pairs(left, right, np.zeros(len(wanted), np.uint64))
    if least == Band.NO_MATCH or len(found) < _MANY:
        return Compared(ids, prepared, found, score_pairs(prepared, prepared, found, rule.model, rule.config))
    needed = rule.config.review_threshold if least == Band.REVIEW else rule.config.match_threshold
    bits = threshold_weight(needed, rule.model.slope)
    scores = score_hopeful(prepared, prepared, found, rule.model, rule.config, bits - _SLACK)
    return Compared(ids, prepared, found, scores)


def in_band(scores: Scores, band: Band) -> list[int]:
    """Return the positions of the pairs in a band, the likeliest first."""
    found = np.flatnonzero(scores.band == band)
    return [int(at) for at in found[np.argsort(-scores.probability[found], kind="stable")]]


def found_pair(
    spec: EntitySpec, rule: Rule, compared: Compared, documents: Mapping[UUID, Document], at: int
) -> FoundPair:
    """Return one scored pair with its evidence; ids are ordered because positions are."""
    left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
    return FoundPair(
        left=left,
        right=right,
        probability=round(float(compared.scores.probability[at]), 6),
        weight=round(float(compared.scores.weight[at]), 3),
        band=int(compared.scores.band[at]),
        evidence=evidence(spec, rule, documents[left], documents[right], compared.scores, at),
    )


def evidence(
    spec: EntitySpec, rule: Rule, left: Document, right: Document, scores: Scores, at: int
) -> list[dict[str, Any]]:
    """Return, per compared attribute, both values, the level of similarity (0 missing, 9 equal) and its weight.

    With the rule version it is all it takes to score the pair again, years later, whatever the records say by then.
    """
    paths = {feature.name: feature.path for feature in spec.match.features}
    entries = []
    for column, attribute in enumerate(rule.config.compared):
        one, other = (
            [cell_of(side, paths[source]) for source in attribute.sources] for side in (left, right)
        )
        if any(one) or any(other):
            entries.append(
                {
                    "attribute": attribute.name,
                    "left": one,
                    "right": other,
                    "level": int(scores.levels[at, column]),
                    "weight": round(float(scores.weights[at, column]), 4),
                }
            )
    return sorted(entries, key=lambda entry: -abs(entry["weight"]))
