"""The echo guard: what a target tells of the hub's own writes starts nothing; a field that swings is held."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.distribution.engine.echoes import (
    Leaf,
    changed_leaves,
    is_echo,
    repeated,
    says_only,
    swinging,
)
from apps.distribution.selectors import Written, landed_states, last_written
from apps.golden.spec import Document, EntitySpec
from apps.matching.contracts import Joined, Matched
from apps.quality.contracts import StandardizedRecord
from apps.quality.selectors import active_codes
from apps.quality.services import standardize_records
from apps.sources.contracts import PendingRecord
from apps.sources.selectors import recency_before
from apps.stewardship.services import open_exception

SWINGING = "field_swings"

Mark = tuple[dict[str, Any], float | None]


@dataclass(frozen=True, slots=True)
class Guarded:
    """`echoes`: source records that say nothing new. `homes`: golden records of what the hub itself created over
    there, by source record. `changes`: what the others say that is new, by source record. `marks`: what each only
    repeats, and how recent its own word is where it has only repeated the hub since."""

    echoes: frozenset[UUID]
    homes: Mapping[UUID, UUID]
    changes: Mapping[UUID, tuple[Leaf, ...]]
    marks: Mapping[UUID, Mark]


def listen(
    spec: EntitySpec, landed: Sequence[PendingRecord], standard: Sequence[Document], *, now: datetime
) -> Guarded:
    """Compare landed records, field by field, with what the hub last wrote into their systems."""
    written = last_written(source_record_ids=[record.id for record in landed])
    if not written:
        return Guarded(frozenset(), {}, {}, {})
    documents = standardize_records(
        spec=spec,
        records=[each.document for each in written],
        keys=[(each.system, each.key) for each in written],
        codes=active_codes(now.date()),
    )
    after = {record.id: values for record, values in zip(landed, standard, strict=True) if not record.deleted}
    echoes, homes, changes = set(), {}, {}
    for each, own in zip(written, documents, strict=True):
        source = each.source_record_id
        if source not in after:
            continue
        if each.homeless:
            homes[source] = each.record_id
        elif each.fresh and is_echo(spec, each.before, after[source], _told(each, own.values)):
            echoes.add(source)
        else:
            changes[source] = tuple(changed_leaves(spec, each.before, after[source]))
    real = {source: leaves for source, leaves in changes.items() if leaves and source not in echoes}
    guarded = Guarded(frozenset(echoes), homes, real, {})
    return replace(guarded, marks=_marks(spec, zip(written, documents, strict=True), after, guarded))


def _marks(
    spec: EntitySpec,
    told: Iterable[tuple[Written, StandardizedRecord]],
    after: Mapping[UUID, Document],
    guarded: Guarded,
) -> dict[UUID, Mark]:
    """Return what each record only repeats: a value the hub wrote there is no evidence of that system's own."""
    earlier = recency_before(source_record_ids=list(guarded.echoes)) if guarded.echoes else {}
    marks: dict[UUID, Mark] = {}
    for each, own in told:
        source = each.source_record_id
        if source not in after:
            continue
        known = {} if each.homeless else each.echoed
        echoed = repeated(spec, each.before, after[source], _told(each, own.values), known)
        recency = each.own_recency
        if source in guarded.echoes and recency is None:
            recency = earlier.get(source, 0.0)
        elif each.homeless:
            recency = 0.0 if says_only(spec, after[source], echoed) else None
        elif source in guarded.changes:
            recency = None
        marks[source] = (marks.get(source, ({}, None))[0] | echoed, recency)
    return marks


def _told(written: Written, standard: Document) -> Document:
    """Return the standardized values of what the mapping can tell: what it is silent about was not written."""
    return {name: standard.get(name) for name in written.document}


def at_home(matched: Matched, guarded: Guarded) -> Matched:
    """Have records that the hub created over there join the golden records they were made from."""
    joined = (Joined(source, record, "id") for source, record in guarded.homes.items())
    return replace(matched, joined=(*matched.joined, *joined))


def hold_swings(spec: EntitySpec, landed: Sequence[PendingRecord], guarded: Guarded, *, now: datetime) -> int:
    """Open a task, which holds the distribution of the record, where a field came back to its value three times."""
    if not guarded.changes:
        return 0
    states = landed_states(source_record_ids=guarded.changes, invariant=SWINGING, now=now)
    held = 0
    for record in landed:
        found = swinging(spec, states.get(record.id, ()), guarded.changes.get(record.id, ()))
        for leaf, times in found.items():
            if record.record_id is not None:
                field = ".".join(part for part in (leaf[0], *leaf[2:]))
                open_exception(
                    invariant=SWINGING,
                    entity=spec.name,
                    record_id=record.record_id,
                    key=f"{record.system}:{'.'.join(leaf)}"[:120],
                    message=f"{field} came back from {record.system} to the same value {times} times within a day: the"
                    " hub and an automation over there overwrite each other. Its distribution is held; decide which"
                    " side owns the field (ownership, or `authority` in the mapping), then waive this.",
                    now=now,
                )
                held += 1
    return held
