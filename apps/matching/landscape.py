"""All records of an entity as one rule sees them: forms, candidate pairs and what comparing them gave. Reads only."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from psycopg import Cursor

from apps.golden.spec import EntitySpec
from apps.matching.compared import Edge, Member
from apps.matching.engine import (
    Band,
    Keys,
    Measured,
    Pairs,
    Prepared,
    Scores,
    blocking_keys,
    candidate_pairs,
    measure_pairs,
    weigh_pairs,
)
from apps.matching.keyring import read_forms
from apps.matching.prepared import Form, forms_of, restore
from apps.matching.rule import Rule
from apps.quality.selectors import standardized_values

SLICE = 20_000
"""Records prepared at a time where their stored form does not fit the rule."""


@dataclass(frozen=True, eq=False)
class Landscape:
    """Records by position in `ids` (ascending), the pairs their keys make, and how alike those are."""

    ids: list[UUID]
    forms: dict[UUID, Form]
    pairs: Pairs
    measured: Measured

    def scores(self, rule: Rule) -> Scores:
        """Score all pairs by a rule that cleans, keys and compares alike."""
        return weigh_pairs(self.measured, rule.model, rule.config)

    def edges(self, scores: Scores) -> list[Edge]:
        """Return the pairs a re-match would keep, as it would keep them."""
        chosen = np.flatnonzero(scores.band >= Band.REVIEW)
        columns = (
            self.pairs.left[chosen].tolist(),
            self.pairs.right[chosen].tolist(),
            scores.weight[chosen].tolist(),
            scores.probability[chosen].tolist(),
            scores.band[chosen].tolist(),
        )
        return [
            Edge(self.ids[left], self.ids[right], weight, round(probability, 9), band)
            for left, right, weight, probability, band in zip(*columns, strict=True)
        ]


def members_of_entity(cursor: Cursor[Any], entity: str) -> list[Member]:
    """Return every source record of an entity that has a golden record, in order."""
    cursor.execute(
        "SELECT source_record_id, record_id, method FROM sources_crosswalk WHERE entity = %s ORDER BY 1",
        (entity,),
    )
    return [Member(*row) for row in cursor]


def current_forms(cursor: Cursor[Any], spec: EntitySpec, rule: Rule, ids: list[UUID]) -> dict[UUID, Form]:
    """Return all records as they would be stored for the rule, whatever they are stored for now."""
    stored = read_forms(cursor, ids)
    forms = {record: form for record, form in stored.items() if form.fingerprint == rule.fingerprint}
    missing = [record for record in ids if record not in forms]
    for at in range(0, len(missing), SLICE):
        documents = standardized_values(ids=missing[at : at + SLICE])
        if documents:
            forms |= forms_of(spec, rule, documents)
    return {
        record: Form(form.keys, form.cells, form.told, form.fingerprint) for record, form in forms.items()
    }


def survey(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> Landscape:
    """Find and compare all candidate pairs of an entity, as a re-match with the rule would."""
    forms = current_forms(cursor, spec, rule, [m.id for m in members_of_entity(cursor, spec.name)])
    ids = sorted(forms)
    prepared = restore(rule, [forms[record] for record in ids])
    pairs = candidate_pairs(unique_keys(prepared, rule), cap=rule.config.frequency_cap)
    return Landscape(ids, forms, pairs, measure_pairs(prepared, prepared, pairs, rule.model, rule.config))


def unique_keys(prepared: Prepared, rule: Rule) -> Keys:
    """Return the blocking keys with each record once per key, as they are stored: the cap counts records."""
    keys = blocking_keys(prepared, rule.config)
    order = np.lexsort((keys.row, keys.key))
    row, key = keys.row[order], keys.key[order]
    first = np.ones(len(key), bool)
    first[1:] = (key[1:] != key[:-1]) | (row[1:] != row[:-1])
    chosen = order[first]
    return Keys(keys.row[chosen], keys.key[chosen], keys.pass_no[chosen])
