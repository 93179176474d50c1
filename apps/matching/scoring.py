"""Compare source records with the engine and turn its arrays into pairs with evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from apps.golden.spec import Document, EntitySpec
from apps.matching.contracts import FoundPair
from apps.matching.engine import Config, Model, Pairs, Prepared, Scores, blocking_keys, prepare, score_pairs
from apps.matching.features import cell_of, table_of
from apps.matching.storage import Pair


@dataclass(frozen=True)
class Rule:
    """An active match rule, ready for use."""

    entity: str
    version: int
    config: Config
    model: Model


@dataclass(frozen=True)
class Compared:
    """Records prepared together, the pairs among them and their scores; positions index `ids`."""

    ids: list[UUID]
    prepared: Prepared
    pairs: Pairs
    scores: Scores


def keys_of(
    spec: EntitySpec, rule: Rule, ids: Sequence[UUID], documents: Sequence[Document]
) -> dict[UUID, list[int]]:
    """Return the blocking keys of each record; the same for the same values, now and later."""
    keys = blocking_keys(prepare(table_of(spec, ids, documents), rule.config), rule.config)
    found: dict[UUID, list[int]] = {record: [] for record in ids}
    for row, key in zip(keys.row.tolist(), keys.signed.tolist(), strict=True):
        found[ids[row]].append(key)
    return {record: list(dict.fromkeys(own)) for record, own in found.items()}


def compare(
    spec: EntitySpec, rule: Rule, documents: Mapping[UUID, Document], pairs: Iterable[Pair]
) -> Compared:
    """Score these pairs of records."""
    ids = sorted(documents)
    position = {record: row for row, record in enumerate(ids)}
    wanted = sorted(
        {
            (position[a], position[b]) if position[a] < position[b] else (position[b], position[a])
            for a, b in pairs
        }
    )
    left = np.array([a for a, _ in wanted], np.int32)
    right = np.array([b for _, b in wanted], np.int32)
    found = Pairs(left, right, np.zeros(len(wanted), np.uint64))
    prepared = prepare(table_of(spec, ids, [documents[record] for record in ids]), rule.config)
    return Compared(ids, prepared, found, score_pairs(prepared, prepared, found, rule.model, rule.config))


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
