"""Find the golden record of each source record of a batch; the batch of one is the same code."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Cursor

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.absorbing import absorb
from apps.matching.bykey import match_by_key
from apps.matching.contracts import Matched, ToMatch
from apps.matching.neighbourhood import decide
from apps.matching.reviewing import store_evidence, within_limit, worth_keeping
from apps.matching.rule import Rule
from apps.matching.selectors import active_rule
from apps.matching.settling import settle


def match_batch(*, spec: EntitySpec, records: Sequence[ToMatch], now: datetime) -> Matched:
    """Match a batch against all stored records and within itself, in the running transaction.

    Takes the entity's lock: what this transaction decides, the next one sees. Everything that is connected with a
    record of the batch is decided anew, so batches of any size in any order end in the same golden records.
    """
    with raw_cursor() as cursor:
        storage.lock_entity(cursor, spec.name)
        if spec.match.strategy == "fuzzy":
            return _match_fuzzy(cursor, spec, active_rule(spec.name), records, now=now)
        return match_by_key(cursor, spec, records, now=now)


def _match_fuzzy(
    cursor: Cursor[Any], spec: EntitySpec, rule: Rule, records: Sequence[ToMatch], *, now: datetime
) -> Matched:
    documents = {record.id: record.values for record in records}
    homes = {record.id: record.record_id for record in records if record.record_id}
    absorbed = absorb(cursor, spec, rule, documents, homes=homes)
    homeless = {record.id for record in records if not record.record_id}
    seeds = absorbed.seeds | homeless
    if not seeds:
        return Matched(())
    hood = decide(cursor, spec, rule, seeds, known=absorbed.forms)
    settled = settle(hood.groups, hood.homes, method="match", movable=homeless)
    reviews = 0
    if absorbed.compared:
        chosen = worth_keeping(absorbed.compared, settled.homes, hood.decisions, documents)
        chosen = within_limit(cursor, spec.name, chosen)
        reviews = store_evidence(cursor, spec, rule, absorbed.compared, chosen, now=now)
        storage.close_unlike_pairs(cursor, homes, now=now)
    left = tuple(
        {hood.homes[each.source_record_id] for each in settled.joined if each.source_record_id in hood.homes}
    )
    return Matched(settled.joined, settled.merges, reviews, settled.splits, left)
