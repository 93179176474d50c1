"""Reads for merging by hand: records that resemble one, and what a merge would make of two."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from apps.console.golden.header import RecordHead
from apps.console.golden.listing import ListedRecord, listed_records
from apps.console.values import Names, names_of, parts_of, reference_ids, show_any
from apps.core.errors import NotFound
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.mastering.services import plan_merge, survivors_first
from apps.matching.selectors import NoMatchRule
from apps.matching.services import find_similar
from apps.sources.selectors import members_of


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One attribute of the survivor and the loser now, and of the merged record."""

    title: str
    survivor: str
    loser: str
    merged: str

    @property
    def differs(self) -> bool:
        return self.survivor != self.loser

    @property
    def changes(self) -> bool:
        return self.survivor != self.merged


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do: `survivor` keeps its id, `loser` becomes a redirect."""

    other: UUID
    survivor: GoldenRecord
    loser: GoldenRecord
    survivor_title: str
    loser_title: str
    moving: int
    quality: int
    rows: list[PreviewRow]


def suggestions_for(head: RecordHead, *, limit: int) -> list[ListedRecord]:
    """Return records that resemble this one, the likeliest first; none for an entity that is matched by id."""
    try:
        similar = find_similar(spec=head.spec, values=head.values, limit=limit + 1)
    except NoMatchRule:
        return []
    ids = [each.record_id for each in similar if each.record_id != head.id][:limit]
    listed = {
        each.id: each for each in listed_records(head.spec, [(sql.SQL("g.id = ANY(%s)"), [ids])], head.sight)
    }
    return [listed[each] for each in ids if each in listed]


def preview_merge(head: RecordHead, other: UUID, *, now: datetime) -> Preview:
    """Plan a merge without locks and tell what would change. Raises what `plan_merge` raises, and NotFound."""
    headers = GoldenRecord.objects.in_bulk([head.id, other])
    if other not in headers:
        raise NotFound(f"There is no golden record {other}.")
    sizes = dict.fromkeys(headers, 0)
    for member in members_of(list(headers)):
        if member.record_id in sizes:
            sizes[member.record_id] += 1
    survivor, loser = survivors_first(sizes, {pk: each.created_at for pk, each in headers.items()})
    plan = plan_merge(
        survivor_id=survivor, loser_ids=[loser], method="steward", reason="", now=now, lock=False
    )
    [merged] = [change for change in plan.changes if change.record_id == survivor]
    before = {head.id: head.values, other: _values_of(head, other)}
    names = names_of(reference_ids(head.spec, merged.after, *before.values()), clear=head.sight.clear)
    rows = [
        PreviewRow(
            part.title,
            _text(head, part.name, before[survivor], names),
            _text(head, part.name, before[loser], names),
            _text(head, part.name, merged.after, names),
        )
        for part in parts_of(head.spec)
    ]
    return Preview(
        other=other,
        survivor=headers[survivor],
        loser=headers[loser],
        survivor_title=head.sight.title(headers[survivor].title),
        loser_title=head.sight.title(headers[loser].title),
        moving=sizes[loser],
        quality=merged.quality,
        rows=[row for row in rows if row.survivor or row.loser or row.merged],
    )


def _values_of(head: RecordHead, other: UUID) -> dict[str, Any]:
    document = load_documents(head.spec, [other]).get(other, {})
    return {name: value for name, value in document.items() if name != "provenance"}


def _text(head: RecordHead, name: str, document: dict[str, Any], names: Names) -> str:
    return show_any(head.spec, name, head.sight.value(name, document.get(name)), names)
