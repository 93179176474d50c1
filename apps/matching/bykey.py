"""Entities whose records are one when an exact key says so; likeness only makes suggestions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor

from apps.golden.spec import Document, EntitySpec
from apps.matching import storage
from apps.matching.contracts import Matched, ToMatch
from apps.matching.features import with_golden_references
from apps.matching.keyring import Pair, read_forms, write_forms
from apps.matching.keys import exact_keys
from apps.matching.models import PairStatus, Verdict
from apps.matching.prepared import Form
from apps.matching.reviewing import Chosen, store_evidence, within_limit, worth_keeping
from apps.matching.rule import Rule
from apps.matching.scoring import compare, keys_of
from apps.matching.selectors import active_rule
from apps.matching.settling import settle
from apps.quality.selectors import standardized_values

KEY_CAP = 500
"""Records that may share one exact key; more of them show that it is no key."""
Keys = Mapping[UUID, Sequence[int]]


def match_by_key(
    cursor: Cursor[Any], spec: EntitySpec, records: Sequence[ToMatch], *, now: datetime
) -> Matched:
    """Join records that share an exact key; a decision of a person outranks the key, and golden records stay whole."""
    exact = {record.id: list(exact_keys(spec, record.values)) for record in records}
    alike: Keys = {}
    rule = active_rule(spec.name) if spec.match.features else None
    documents: dict[UUID, Document] = {}
    if rule is not None:
        documents = with_golden_references(spec, {record.id: record.values for record in records})
        alike = keys_of(spec, rule, list(documents), list(documents.values()))
    _store(cursor, spec, {record: (*keys, *alike.get(record, ())) for record, keys in exact.items()})
    pairs = storage.candidates(cursor, exact, cap=KEY_CAP)
    method = "key" if spec.match.strategy == "key" else "id"
    homeless = {record.id for record in records if not record.record_id}
    homes, groups = _components(cursor, records, pairs)
    settled = settle(groups, homes, method=method, movable=homeless)
    matched = Matched(settled.joined, settled.merges)
    if rule is None:
        return matched
    reviews = _suggest(cursor, spec, rule, records, documents, alike, matched, now=now)
    return Matched(settled.joined, settled.merges, reviews)


def _store(cursor: Cursor[Any], spec: EntitySpec, keys: Keys) -> None:
    forms = {record: Form(tuple(dict.fromkeys(own)), "[]", "{}", 0) for record, own in keys.items()}
    stored = read_forms(cursor, forms)
    changed = {record: form for record, form in forms.items() if stored.get(record) != form}
    if changed:
        old = {record: stored[record] for record in changed if record in stored}
        write_forms(cursor, spec.name, changed, old)


def _components(
    cursor: Cursor[Any], records: Sequence[ToMatch], pairs: Sequence[Pair]
) -> tuple[dict[UUID, UUID], list[list[UUID]]]:
    """Group records that a key joins with everybody who lives with those, as far as nobody keeps them apart."""
    ids = {record.id for record in records} | {other for _, other in pairs}
    homes = storage.homes_of(cursor, ids)
    homes |= storage.housemates_of(cursor, set(homes.values()))
    decisions = storage.decisions_among(cursor, ids | homes.keys())
    apart = [pair for pair, said in decisions.items() if said == Verdict.NEVER]
    first: dict[UUID, UUID] = {}
    together = [(first.setdefault(home, record), record) for record, home in sorted(homes.items())]
    said = [pair for pair, verdict in decisions.items() if verdict == Verdict.MATCH]
    group = {record: {record} for record in sorted(ids | homes.keys())}
    _unite(group, together, ())
    _unite(group, [*sorted(said), *sorted(storage.ordered(*pair) for pair in pairs)], apart)
    return homes, [sorted(members) for members in {id(each): each for each in group.values()}.values()]


def _unite(group: dict[UUID, set[UUID]], links: Iterable[Pair], apart: Sequence[Pair]) -> None:
    for left, right in links:
        one, other = group[left], group[right]
        if one is other or any((a in one and b in other) or (a in other and b in one) for a, b in apart):
            continue
        one |= other
        for record in other:
            group[record] = one


def _suggest(
    cursor: Cursor[Any],
    spec: EntitySpec,
    rule: Rule,
    records: Sequence[ToMatch],
    documents: dict[UUID, Document],
    alike: Keys,
    matched: Matched,
    *,
    now: datetime,
) -> int:
    """Open reviews for records that resemble one of another system but share no key with any."""
    together = Counter(each.record_id for each in matched.joined)
    alone = {
        each.source_record_id
        for each in matched.joined
        if each.method == "new" and together[each.record_id] == 1
    }
    pairs = storage.candidates(
        cursor, {record: alike[record] for record in alone}, cap=rule.config.frequency_cap
    )
    documents |= with_golden_references(
        spec, standardized_values(ids=[other for _, other in pairs if other not in documents])
    )
    system = {record.id: record.system for record in records}
    system |= storage.systems_of(cursor, [record for record in documents if record not in system])
    across = [(one, other) for one, other in pairs if other in documents and system[one] != system[other]]
    if not across:
        return 0
    homes = storage.homes_of(cursor, documents)
    homes |= {each.source_record_id: each.record_id for each in matched.joined}
    compared = compare(spec, rule, documents, across)
    decisions = storage.decisions_among(cursor, documents)
    chosen: Chosen = [
        (at, status)
        for at, status in worth_keeping(compared, homes, decisions, alone)
        if status == PairStatus.OPEN
    ]
    return store_evidence(cursor, spec, rule, compared, within_limit(cursor, spec.name, chosen), now=now)
