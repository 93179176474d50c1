"""Re-match all records of an entity at once, as the nightly job does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from apps.core.bulk import raw_cursor
from apps.golden.spec import Document, EntitySpec
from apps.matching import storage
from apps.matching.contracts import FoundPair
from apps.matching.engine import Band, Scores, blocking_keys, candidate_pairs, prepare, score_pairs
from apps.matching.features import table_of
from apps.matching.models import PairStatus
from apps.matching.neighbourhood import Neighbourhood, in_band
from apps.matching.scoring import Compared, Rule, found_pair
from apps.matching.vetoes import vetoed_pairs
from apps.quality.selectors import standardized_values

MAX_REVIEWS = 10_000
"""Open pairs one run may add: a longer queue is a sign of a wrong rule, not of work for people."""


@dataclass(frozen=True, slots=True)
class Rematched:
    """What a full re-match found. `merges` are sets of golden records to become one."""

    records: int
    pairs: int
    merges: tuple[tuple[UUID, ...], ...]
    reviews: int
    held_back: int


def match_everything(
    *, spec: EntitySpec, rule: Rule, now: datetime, report: Callable[[str], None]
) -> Rematched:
    """Compare all records that have a golden record; store new review pairs; return the merges to make.

    It takes no lock, for it may run for minutes: its merges are proposals, checked again by whoever makes them.
    """
    with raw_cursor() as cursor:
        homes = storage.homes_of_entity(cursor, spec.name)
        ids = sorted(homes)
        documents = standardized_values(ids=ids)
        report(f"{len(ids):,} source records in {len(set(homes.values())):,} golden records")
        ids = [record for record in ids if record in documents]
        table = table_of(spec, ids, [documents[record] for record in ids])
        prepared = prepare(table, rule.config)
        pairs = candidate_pairs(blocking_keys(prepared, rule.config), cap=rule.config.frequency_cap)
        scores = score_pairs(prepared, prepared, pairs, rule.model, rule.config)
        compared = Compared(ids, prepared, pairs, scores)
        match, review = _count(scores, Band.MATCH), _count(scores, Band.REVIEW)
        report(f"{len(pairs):,} pairs compared, {match:,} match, {review:,} to review")
        decisions = storage.decisions_of_entity(cursor, spec.name)
        hood = Neighbourhood(ids, {record: homes[record] for record in ids}, decisions)
        vetoed = vetoed_pairs(spec, ids, documents, pairs, scores)
        merges = _merges(hood.clusters(pairs, scores, rule.config, vetoed=vetoed), homes)
        found, held_back = _reviews(spec, rule, compared, documents, _after(homes, merges), decisions)
        reviews = storage.store_pairs(
            cursor, spec.name, [(pair, PairStatus.OPEN) for pair in found], rule_version=rule.version, now=now
        )
        storage.close_settled_pairs(cursor, ids, now=now)
    report(
        f"{len(merges):,} merges, {reviews:,} new reviews, {held_back:,} held back by the cap of {MAX_REVIEWS:,}"
    )
    return Rematched(len(ids), len(pairs), merges, reviews, held_back)


def _count(scores: Scores, band: Band) -> int:
    return int(np.count_nonzero(scores.band == band))


def _merges(groups: list[set[UUID]], homes: dict[UUID, UUID]) -> tuple[tuple[UUID, ...], ...]:
    golden = [tuple(sorted({homes[record] for record in group})) for group in groups]
    return tuple(sorted(records for records in golden if len(records) > 1))


def _after(homes: dict[UUID, UUID], merges: tuple[tuple[UUID, ...], ...]) -> dict[UUID, UUID]:
    survivor = {record: records[0] for records in merges for record in records}
    return {record: survivor.get(home, home) for record, home in homes.items()}


def _reviews(
    spec: EntitySpec,
    rule: Rule,
    compared: Compared,
    documents: dict[UUID, Document],
    homes: dict[UUID, UUID],
    decisions: dict[storage.Pair, str],
) -> tuple[list[FoundPair], int]:
    """Choose one pair per two golden records, the likeliest first, and count what the cap held back."""
    found: list[FoundPair] = []
    asked: set[tuple[UUID, UUID]] = set()
    held_back = 0
    for at in [*in_band(compared.scores, Band.MATCH), *in_band(compared.scores, Band.REVIEW)]:
        left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
        golden = (min(homes[left], homes[right]), max(homes[left], homes[right]))
        if golden[0] == golden[1] or golden in asked or storage.ordered(left, right) in decisions:
            continue
        asked.add(golden)
        if len(found) < MAX_REVIEWS:
            found.append(found_pair(spec, rule, compared, documents, at))
        else:
            held_back += 1
    return found, held_back
