"""All records of an entity as one rule sees them: forms, candidate pairs and what comparing them gave. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from psycopg import Cursor

from apps.core.json import loads
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
    prepared_of,
    score_pairs,
    weigh_pairs,
)
from apps.matching.prepared import Form, forms_of
from apps.matching.rule import Rule
from apps.quality.selectors import standardized_values

SLICE = 20_000
"""Records read at a time, and prepared where their stored form does not fit the rule."""
PART = 100_000
"""Pairs scored at a time: what is below the review threshold is forgotten at once."""


Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, eq=False)
class Landscape:
    """Records by position in `ids` (ascending), the pairs their keys make, and how alike those are.

    `prepared` are the records themselves; None in what was unpacked.
    """

    ids: list[UUID]
    pairs: Pairs
    measured: Measured
    prepared: Prepared | None = None

    def weights(self, rule: Rule) -> tuple[Numbers, Numbers]:
        """Return the weight and the probability of each pair by a rule that cleans, keys and compares alike."""
        found = [(np.zeros(0), np.zeros(0))]
        for some in _parts(len(self.pairs)):
            measured = Measured(self.measured.levels[some], self.measured.shares[some])
            scores = weigh_pairs(measured, rule.model, rule.config)
            found.append((scores.weight, scores.probability))
        return np.concatenate([w for w, _ in found]), np.concatenate([p for _, p in found])

    def edges(self, rule: Rule) -> list[Edge]:
        """Return the pairs a re-match would keep, as it would keep them."""
        found: list[Edge] = []
        for some in _parts(len(self.pairs)):
            measured = Measured(self.measured.levels[some], self.measured.shares[some])
            scores = weigh_pairs(measured, rule.model, rule.config)
            found += _kept(self.ids, self.pairs.take(some), scores)
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many records and pairs there are, and the pairs that a re-match would keep."""

    records: int
    pairs: int
    edges: list[Edge]


def living_together(ids: Sequence[UUID], pairs: Pairs, homes: Mapping[UUID, UUID | None]) -> Flags:
    """Tell of each pair whether both records are one golden record; who has no home lives with nobody."""
    numbers: dict[UUID | None, int] = {None: -1}
    home = np.array([numbers.setdefault(homes.get(record), len(numbers)) for record in ids] or [0], np.int64)
    found: Flags = (home[pairs.left] == home[pairs.right]) & (home[pairs.left] >= 0)
    return found


def _parts(total: int) -> Iterator["np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    for at in range(0, total, PART):
        yield np.arange(at, min(at + PART, total), dtype=np.int64)


def _kept(ids: Sequence[UUID], pairs: Pairs, scores: Scores) -> list[Edge]:
    chosen = np.flatnonzero(scores.band >= Band.REVIEW)
    columns = (
        pairs.left[chosen].tolist(),
        pairs.right[chosen].tolist(),
        scores.weight[chosen].tolist(),
        scores.probability[chosen].tolist(),
        scores.band[chosen].tolist(),
    )
    return [
        Edge(ids[left], ids[right], weight, round(probability, 9), band)
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
    """Return these records as they would be stored for the rule, whatever they are stored for now; without keys."""
    cursor.execute(
        "SELECT source_record_id, cells, told FROM matching_preparedrecord"
        " WHERE source_record_id = ANY(%s) AND fingerprint = %s",
        (ids, rule.fingerprint),
    )
    forms = {record: Form((), cells, told, rule.fingerprint) for record, cells, told in cursor}
    missing = [record for record in ids if record not in forms]
    for at in range(0, len(missing), SLICE):
        documents = standardized_values(ids=missing[at : at + SLICE])
        if documents:
            forms |= forms_of(spec, rule, documents)
    return forms


def _prepared(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> tuple[list[UUID], Prepared]:
    """Read all records of an entity as the engine compares them, a slice at a time."""
    ids: list[UUID] = []
    cells: list[list[Any]] = []
    members = [member.id for member in members_of_entity(cursor, spec.name)]
    for at in range(0, len(members), SLICE):
        found = _cells(cursor, spec, rule, members[at : at + SLICE])
        known = sorted(found)
        ids += known
        cells += [found[record] for record in known]
    return ids, prepared_of([attribute.name for attribute in rule.config.attributes], cells)


def _cells(cursor: Cursor[Any], spec: EntitySpec, rule: Rule, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
    """Return the clean values of records: as they are stored for the rule, or cleaned for it now."""
    cursor.execute(
        "SELECT source_record_id, cells FROM matching_preparedrecord"
        " WHERE source_record_id = ANY(%s) AND fingerprint = %s",
        (list(ids), rule.fingerprint),
    )
    found: dict[UUID, list[Any]] = {record: loads(cells) for record, cells in cursor}
    missing = [record for record in ids if record not in found]
    documents = standardized_values(ids=missing) if missing else {}
    if documents:
        found |= {record: loads(form.cells) for record, form in forms_of(spec, rule, documents).items()}
    return found


def _paired(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> tuple[list[UUID], Prepared, Pairs]:
    ids, prepared = _prepared(cursor, spec, rule)
    return ids, prepared, candidate_pairs(unique_keys(prepared, rule), cap=rule.config.frequency_cap)


def survey(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> Landscape:
    """Find and compare all candidate pairs of an entity, as a re-match with the rule would."""
    ids, prepared, pairs = _paired(cursor, spec, rule)
    return Landscape(ids, pairs, measure_pairs(prepared, prepared, pairs, rule.model, rule.config), prepared)


def evidence_of(cursor: Cursor[Any], spec: EntitySpec, rule: Rule) -> Evidence:
    """Compare all candidate pairs of an entity and keep what a re-match would: of the others nothing is held."""
    ids, prepared, pairs = _paired(cursor, spec, rule)
    edges: list[Edge] = []
    for some in _parts(len(pairs)):
        chosen = pairs.take(some)
        scores = score_pairs(prepared, prepared, chosen, rule.model, rule.config)
        edges += _kept(ids, chosen, scores)
    return Evidence(len(ids), len(pairs), edges)


def unique_keys(prepared: Prepared, rule: Rule) -> Keys:
    """Return the blocking keys with each record once per key, as they are stored: the cap counts records."""
    keys = blocking_keys(prepared, rule.config)
    order = np.lexsort((keys.row, keys.key))
    row, key = keys.row[order], keys.key[order]
    first = np.ones(len(key), bool)
    first[1:] = (key[1:] != key[:-1]) | (row[1:] != row[:-1])
    chosen = order[first]
    return Keys(keys.row[chosen], keys.key[chosen], keys.pass_no[chosen])
