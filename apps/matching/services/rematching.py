"""The steps of a re-match: each does one chunk in the caller's transaction and says where the next begins.

No step loads an entity whole. Chunks are repeatable: one that was rolled back is simply done again.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching import holding, storage
from apps.matching import rematch_sql as sql
from apps.matching.absorbing import absorb
from apps.matching.contracts import ChunkDone, Matched
from apps.matching.engine import Band
from apps.matching.keyring import read_forms, write_forms
from apps.matching.neighbourhood import decide
from apps.matching.prepared import forms_of
from apps.matching.rule import Rule
from apps.matching.scoring import score
from apps.matching.settling import settle
from apps.quality.selectors import standardized_values

RECORDS, PAIRS, SEEDS = 2_000, 20_000, 20
"""Units of a chunk: some seconds of work at most, so that progress is seen and a kill costs little."""
KEYS_PER_SLICE = 200_000


def prepare_chunk(*, spec: EntitySpec, rule: Rule, after: str | None) -> ChunkDone:
    """Prepare the next records of an entity and store their forms and keys where they differ."""
    with raw_cursor() as cursor:
        ids = sql.standard_ids(cursor, spec.name, after, RECORDS)
        forms = forms_of(spec, rule, standardized_values(ids=ids)) if ids else {}
        if forms:
            storage.lock_entity(cursor, spec.name)
            current = standardized_values(ids=forms)  # what came meanwhile counts
            forms = forms_of(spec, rule, current)
            stored = read_forms(cursor, forms)
            old = {record: form for record, form in stored.items() if form != forms[record]}
            changed = {
                record: replace(form, compared=record in old and old[record].compared)
                for record, form in forms.items()
                if record in old or record not in stored
            }
            if changed:
                write_forms(cursor, spec.name, changed, old)
    return ChunkDone(_last(ids, RECORDS), len(ids), {"records": len(ids)})


def absorb_chunk(
    *, spec: EntitySpec, rule: Rule, after: str | None, since: datetime | None, now: datetime
) -> ChunkDone:
    """Compare the next records again that were standardized since, or are prepared for another rule."""
    with raw_cursor() as cursor:
        storage.lock_entity(cursor, spec.name)
        ids = sql.outdated_ids(cursor, spec.name, after, since, rule.fingerprint, RECORDS)
        pairs = 0
        if ids:
            homes = storage.homes_of(cursor, ids)
            documents = standardized_values(ids=ids)
            absorbed = absorb(cursor, spec, rule, documents, homes=homes, again=True)
            sql.add_seeds(cursor, spec.name, absorbed.seeds | homes.keys())
            storage.close_unlike_pairs(cursor, ids, now=now)
            pairs = len(absorbed.compared.pairs) if absorbed.compared else 0
    return ChunkDone(_last(ids, RECORDS), len(ids), {"records": len(ids), "pairs": pairs})


def slices_of(*, spec: EntitySpec) -> int:
    """Return into how many slices of equal size the keys of an entity are cut."""
    with raw_cursor() as cursor:
        return max(1, -(-sql.key_count(cursor, spec.name) // KEYS_PER_SLICE))


def pair_chunk(*, spec: EntitySpec, rule: Rule, number: int, slices: int) -> ChunkDone:
    """Note the candidate pairs that keys of one slice make; a key of more than the cap's records makes none."""
    with raw_cursor() as cursor:
        if number == 0:
            sql.clear_pairs(cursor, spec.name)
            holding.note_held_pairs(cursor, spec.name, version=rule.version)
        found = sql.note_pairs(cursor, spec.name, number, slices, cap=rule.config.frequency_cap)
    following = number + 1
    return ChunkDone(following if following < slices else None, 1, {"pairs": found})


def score_chunk(*, spec: EntitySpec, rule: Rule, after: list[str] | None, since: datetime) -> ChunkDone:
    """Score the next candidate pairs and replace what is stored of pairs in their range."""
    with raw_cursor() as cursor:
        pairs = sql.next_pairs(cursor, spec.name, after, PAIRS)
        last = [str(each) for each in pairs[-1]] if len(pairs) == PAIRS else None
        forms, versions = sql.forms_and_times(cursor, {record for pair in pairs for record in pair})
        known = [pair for pair in pairs if pair[0] in forms and pair[1] in forms]
        edges = score(rule, forms, known, least=Band.REVIEW).edges(least=Band.REVIEW) if known else []
        storage.lock_entity(cursor, spec.name)
        sql.replace_range(
            cursor, spec.name, edges, versions, after=after, upto=last, since=since, rule_version=rule.version
        )
    return ChunkDone(last, len(pairs), {"matches": sum(edge.band == Band.MATCH for edge in edges)})


def cluster_chunk(*, spec: EntitySpec, rule: Rule, after: str | None) -> ChunkDone:
    """Decide the next neighbourhoods, and note those that should live otherwise than they do.

    Before the first, all records count as compared, and pairs this version held before are held again.
    """
    with raw_cursor() as cursor:
        if after is None:
            storage.lock_entity(cursor, spec.name)
            holding.wake_holds(cursor, spec.name, version=rule.version)
            sql.mark_compared(cursor, spec.name)
        ids = sql.connected_ids(cursor, spec.name, after, RECORDS)
        if ids:
            hood = decide(cursor, spec, rule, ids)
            settled = settle(hood.groups, hood.homes, method="match", movable=())
            moving = {each.source_record_id for each in settled.joined}
            merging = {home for homes in settled.merges for home in homes}
            moving |= {record for record, home in hood.homes.items() if home in merging}
            sql.add_seeds(cursor, spec.name, moving)
    last = _last(ids, RECORDS)
    return ChunkDone(last, len(ids))


def due_seeds(*, spec: EntitySpec, after: str | None, limit: int = SEEDS) -> list[UUID]:
    """Return the next records whose neighbourhood is to be decided again."""
    with raw_cursor() as cursor:
        return sql.next_seeds(cursor, spec.name, after, limit)


def decide_again(*, spec: EntitySpec, rule: Rule, seeds: list[UUID]) -> Matched:
    """Decide these neighbourhoods for good, in the transaction that applies what comes of it."""
    with raw_cursor() as cursor:
        storage.lock_entity(cursor, spec.name)
        hood = decide(cursor, spec, rule, seeds)
        settled = settle(hood.groups, hood.homes, method="match", movable=())
        left = {hood.homes[each.source_record_id] for each in settled.joined}
    return Matched(settled.joined, settled.merges, 0, settled.splits, tuple(sorted(left)))


def count_units(
    *, spec: EntitySpec, what: str, since: datetime | None = None, rule: Rule | None = None
) -> int:
    """Return how many units a phase has: records, outdated records, pairs or seeds."""
    with raw_cursor() as cursor:
        return sql.count(cursor, spec.name, what, since, rule.fingerprint if rule else 0)


def forget_work(*, spec: EntitySpec) -> None:
    """Empty the work lists of an entity's re-match."""
    with raw_cursor() as cursor:
        sql.clear_pairs(cursor, spec.name)
        sql.clear_seeds(cursor, spec.name)


def _last(ids: list[UUID], size: int) -> str | None:
    return str(ids[-1]) if len(ids) == size else None
