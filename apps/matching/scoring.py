"""Compare source records with the engine and turn its arrays into pairs with evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from apps.golden.spec import Document, EntitySpec
from apps.matching.compared import Edge
from apps.matching.contracts import FoundPair
from apps.matching.engine import Band, Pairs, Prepared, Scores, prepare, score_pairs
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


def score(rule: Rule, forms: Mapping[UUID, Form], pairs: Iterable[Pair]) -> Compared:
    """Score these pairs of prepared records; the same scores as `compare` gives, for much less."""
    ids = sorted(forms)
    return _scored(rule, ids, restore(rule, [forms[record] for record in ids]), pairs)


def _scored(rule: Rule, ids: list[UUID], prepared: Prepared, pairs: Iterable[Pair]) -> Compared:
    position = {record: row for row, record in enumerate(ids)}
    rows = ((position[one], position[other]) for one, other in pairs)
    wanted = sorted({(one, other) if one < other else (other, one) for one, other in rows})
    left = np.fromiter((a for a, _ in wanted), np.int32, len(wanted))
    right = np.fromiter((b for _, b in wanted), np.int32, len(wanted))
    found = Pairs(left, right, np.zeros(len(wanted), np.uint64))
    return Compared(ids, prepared, found, score_pairs(prepared, prepared, found, rule.model, rule.config))


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
