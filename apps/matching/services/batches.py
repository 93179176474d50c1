"""Find the golden record of each source record of a batch; the batch of one is the same code."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.core.ids import uuid7
from apps.golden.spec import Document, EntitySpec
from apps.matching import storage
from apps.matching.contracts import FoundPair, Joined, Matched, ToMatch
from apps.matching.engine import Band
from apps.matching.features import with_golden_references
from apps.matching.keys import exact_keys
from apps.matching.models import PairStatus
from apps.matching.neighbourhood import Neighbourhood, in_band
from apps.matching.scoring import Compared, Rule, compare, found_pair, keys_of
from apps.matching.selectors import active_rule
from apps.matching.vetoes import vetoed_pairs
from apps.quality.selectors import standardized_values

REVIEWS_PER_RECORD = 3
"""Open pairs one new record may bring: more of them tell a steward nothing new."""
KEY_CAP = 500
"""Records that may share one exact key; more of them show that it is no key."""


def match_batch(*, spec: EntitySpec, records: Sequence[ToMatch], now: datetime) -> Matched:
    """Match a batch against all stored records and within itself, in the running transaction.

    Takes the entity's lock: what this transaction decides, the next one sees. A record that has a golden record
    keeps it, whatever its new values; it may bring two golden records together.
    """
    with raw_cursor() as cursor:
        storage.lock_entity(cursor, spec.name)
        if spec.match.strategy == "fuzzy":
            return _match_fuzzy(cursor, spec, active_rule(spec.name), records, now=now)
        matched = _match_by_key(cursor, spec, records)
        if spec.match.features:
            rule = active_rule(spec.name)
            reviews = _suggest(cursor, spec, rule, records, matched, now=now)
            return Matched(matched.joined, matched.merges, reviews)
        return matched


def _match_fuzzy(
    cursor: Cursor[Any], spec: EntitySpec, rule: Rule, records: Sequence[ToMatch], *, now: datetime
) -> Matched:
    documents = {record.id: record.values for record in records}
    keys = keys_of(spec, rule, list(documents), list(documents.values()))
    storage.replace_keys(cursor, spec.name, keys)
    pairs = storage.candidates(cursor, spec.name, keys, cap=rule.config.frequency_cap)
    hood = _neighbourhood(cursor, records, pairs)
    documents |= standardized_values(ids=[record for record in hood.ids if record not in documents])
    compared = compare(spec, rule, {record: documents.get(record, {}) for record in hood.ids}, pairs)
    vetoed = vetoed_pairs(spec, compared.ids, documents, compared.pairs, compared.scores)
    groups = hood.clusters(compared.pairs, compared.scores, rule.config, vetoed=vetoed)
    joined, merges = settle(groups, hood.homes, records, method="match")
    homes = hood.homes | {each.source_record_id: each.record_id for each in joined}
    found = _worth_keeping(spec, rule, compared, documents, homes, hood.decisions, {r.id for r in records})
    reviews = storage.store_pairs(cursor, spec.name, found, rule_version=rule.version, now=now)
    return Matched(joined, merges, reviews)


def _neighbourhood(
    cursor: Cursor[Any], records: Sequence[ToMatch], pairs: Sequence[storage.Pair]
) -> Neighbourhood:
    ids = {record.id for record in records} | {other for _, other in pairs}
    homes = storage.homes_of(cursor, ids)
    homes |= storage.housemates_of(cursor, set(homes.values()))
    everybody = sorted(ids | set(homes))
    return Neighbourhood(everybody, homes, storage.decisions_among(cursor, everybody))


def settle(
    groups: Sequence[set[UUID]], homes: Mapping[UUID, UUID], records: Sequence[ToMatch], *, method: str
) -> tuple[tuple[Joined, ...], tuple[tuple[UUID, ...], ...]]:
    """Give each record of a group the group's golden record, a new one where the group has none."""
    mine = {record.id for record in records}
    joined: list[Joined] = []
    merges: list[tuple[UUID, ...]] = []
    for group in groups:
        golden = sorted({homes[record] for record in group if record in homes})
        homeless = sorted(record for record in group if record not in homes and record in mine)
        if len(golden) > 1:
            merges.append(tuple(golden))
        if not homeless:
            continue
        home = golden[0] if golden else uuid7()
        first_of_new = not golden
        for record in homeless:
            joined.append(Joined(record, home, "new" if first_of_new else method))
            first_of_new = False
    return tuple(joined), tuple(merges)


def _worth_keeping(
    spec: EntitySpec,
    rule: Rule,
    compared: Compared,
    documents: Mapping[UUID, Document],
    homes: Mapping[UUID, UUID],
    decisions: Mapping[storage.Pair, str],
    mine: set[UUID],
) -> list[tuple[FoundPair, PairStatus]]:
    """Choose the pairs to store: what joined a record, and what a steward should decide."""
    kept: list[tuple[FoundPair, PairStatus]] = []
    explained: set[UUID] = set()
    asked: set[tuple[UUID, UUID]] = set()
    asks: dict[UUID, int] = {}
    for at in [*in_band(compared.scores, Band.MATCH), *in_band(compared.scores, Band.REVIEW)]:
        left, right = compared.ids[compared.pairs.left[at]], compared.ids[compared.pairs.right[at]]
        if (left, right) in decisions or left not in homes or right not in homes:
            continue
        new = [record for record in (left, right) if record in mine]
        if homes[left] == homes[right]:
            if any(record not in explained for record in new):
                explained.update(new)
                kept.append((found_pair(spec, rule, compared, documents, at), PairStatus.AUTO))
            continue
        golden = (min(homes[left], homes[right]), max(homes[left], homes[right]))
        if golden in asked or all(asks.get(record, 0) >= REVIEWS_PER_RECORD for record in new):
            continue
        asked.add(golden)
        for record in new:
            asks[record] = asks.get(record, 0) + 1
        kept.append((found_pair(spec, rule, compared, documents, at), PairStatus.OPEN))
    return kept


def _match_by_key(cursor: Cursor[Any], spec: EntitySpec, records: Sequence[ToMatch]) -> Matched:
    """Join records that share an exact key; a decision of a person outranks the key."""
    keys = {record.id: list(exact_keys(spec, record.values)) for record in records}
    storage.replace_keys(cursor, spec.name, keys)
    pairs = storage.candidates(cursor, spec.name, keys, cap=KEY_CAP)
    hood = _neighbourhood(cursor, records, pairs)
    groups = hood.components(pairs)
    joined, merges = settle(
        groups, hood.homes, records, method="key" if spec.match.strategy == "key" else "id"
    )
    return Matched(joined, merges)


def _suggest(
    cursor: Cursor[Any],
    spec: EntitySpec,
    rule: Rule,
    records: Sequence[ToMatch],
    matched: Matched,
    *,
    now: datetime,
) -> int:
    """Open reviews for records that resemble one of another system but share no key with any."""
    together = Counter(each.record_id for each in matched.joined)
    alone = {
        each.source_record_id: each.record_id
        for each in matched.joined
        if each.method == "new" and together[each.record_id] == 1
    }
    documents = with_golden_references(spec, {record.id: record.values for record in records})
    fuzzy = keys_of(spec, rule, list(documents), list(documents.values()))
    exact = {record.id: list(exact_keys(spec, record.values)) for record in records}
    storage.replace_keys(cursor, spec.name, {record: exact[record] + fuzzy[record] for record in documents})
    asked = {record: fuzzy[record] for record in alone}
    pairs = storage.candidates(cursor, spec.name, asked, cap=rule.config.frequency_cap)
    system = {record.id: record.system for record in records}
    strangers = [other for _, other in pairs if other not in documents]
    documents |= with_golden_references(spec, standardized_values(ids=strangers))
    homes = storage.homes_of(cursor, documents) | {
        each.source_record_id: each.record_id for each in matched.joined
    }
    system |= storage.systems_of(cursor, [record for record in documents if record not in system])
    across = [(one, other) for one, other in pairs if system[one] != system[other]]
    if not across:
        return 0
    compared = compare(spec, rule, documents, across)
    decisions = storage.decisions_among(cursor, documents)
    found = _worth_keeping(spec, rule, compared, documents, homes, decisions, set(alone))
    open_pairs = [(pair, status) for pair, status in found if status == PairStatus.OPEN]
    return storage.store_pairs(cursor, spec.name, open_pairs, rule_version=rule.version, now=now)
