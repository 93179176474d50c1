"""Which compared pairs are kept with their evidence: what joined a record, and what a steward should decide."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.engine import Band
from apps.matching.keyring import Pair
from apps.matching.models import PairStatus
from apps.matching.rule import Rule
from apps.matching.scoring import Compared, found_pair, in_band
from apps.quality.selectors import standardized_values

REVIEWS_PER_RECORD = 3
"""Open pairs one new record may bring: more of them tell a steward nothing new."""
MOST_OPEN = 10_000
"""Open reviews of an entity where nobody set another limit: a longer queue is no work for people."""

Chosen = list[tuple[int, PairStatus]]


def store_evidence(
    cursor: Cursor[Any],
    spec: EntitySpec,
    rule: Rule,
    compared: Compared,
    chosen: Chosen,
    *,
    now: datetime,
) -> int:
    """Store the chosen pairs with the evidence as people read it; return how many reviews are open anew."""
    ids = {compared.ids[side[at]] for at, _ in chosen for side in (compared.pairs.left, compared.pairs.right)}
    documents = standardized_values(ids=ids)
    found = [
        (found_pair(spec, rule, compared, documents, at), status)
        for at, status in chosen
        if compared.ids[compared.pairs.left[at]] in documents
        and compared.ids[compared.pairs.right[at]] in documents
    ]
    return storage.store_pairs(cursor, spec.name, found, rule_version=rule.version, now=now)


def worth_keeping(
    compared: Compared, homes: Mapping[UUID, UUID], decisions: Mapping[Pair, str], mine: Iterable[UUID]
) -> Chosen:
    """Choose the pairs of my records to keep, the likeliest first: one for each that was joined, few to review."""
    own = set(mine)
    kept: Chosen = []
    explained: set[UUID] = set()
    asked: set[Pair] = set()
    asks: dict[UUID, int] = {}
    for at in [*in_band(compared.scores, Band.MATCH), *in_band(compared.scores, Band.REVIEW)]:
        left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
        if (left, right) in decisions or left not in homes or right not in homes:
            continue
        new = [record for record in (left, right) if record in own]
        if homes[left] == homes[right]:
            if any(record not in explained for record in new):
                explained.update(new)
                kept.append((at, PairStatus.AUTO))
            continue
        golden = storage.ordered(homes[left], homes[right])
        if golden in asked or all(asks.get(record, 0) >= REVIEWS_PER_RECORD for record in new):
            continue
        asked.add(golden)
        for record in new:
            asks[record] = asks.get(record, 0) + 1
        kept.append((at, PairStatus.OPEN))
    return kept


def within_limit(cursor: Cursor[Any], entity: str, chosen: Chosen) -> Chosen:
    """Leave out reviews the queue has no room for, and count them; they open when there is room again."""
    reviews = [at for at, status in chosen if status == PairStatus.OPEN]
    if not reviews:
        return chosen
    room = room_for_reviews(cursor, entity)
    if room >= len(reviews):
        return chosen
    add_left_out(cursor, entity, len(reviews) - room)
    opened = set(reviews[:room])
    return [(at, status) for at, status in chosen if status != PairStatus.OPEN or at in opened]


def room_for_reviews(cursor: Cursor[Any], entity: str) -> int:
    """Return how many more reviews of an entity may be open."""
    cursor.execute(
        """
        SELECT coalesce((SELECT most FROM matching_reviewlimit WHERE entity = %(entity)s), %(most)s) - (
            SELECT count(*) FROM matching_candidatepair WHERE entity = %(entity)s AND status = 'open')
        """,
        {"entity": entity, "most": MOST_OPEN},
    )
    row = cursor.fetchone()
    return max(0, row[0]) if row else 0


def add_left_out(cursor: Cursor[Any], entity: str, count: int) -> None:
    """Say that so many more reviews wait for room."""
    cursor.execute(
        "INSERT INTO matching_reviewlimit AS t (entity, most, left_out) VALUES (%s, %s, %s)"
        " ON CONFLICT (entity) DO UPDATE SET left_out = t.left_out + excluded.left_out",
        (entity, MOST_OPEN, count),
    )
