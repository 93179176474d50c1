"""Reads for merging by hand: records that resemble one, and what a merge would make of two."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import sql

from apps.console.golden.consequences import Consequences, consequences_of
from apps.console.golden.header import RecordHead
from apps.console.golden.listing import ListedRecord, listed_records
from apps.console.values import Names, names_of, parts_of, reference_ids, show_any
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.golden.spec import Document
from apps.mastering.contracts import Veto
from apps.mastering.services import find_vetoes, mergeable_spec, survivors_first
from apps.matching.selectors import NoMatchRule, records_kept_apart
from apps.matching.services import find_similar
from apps.sources.selectors import members_of
from apps.stewardship.services import rehearse_merge


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One attribute of the survivor and the loser now, and of the merged record with why."""

    title: str
    survivor: str
    loser: str
    merged: str
    why: str

    @property
    def differs(self) -> bool:
        return self.survivor != self.loser

    @property
    def changes(self) -> bool:
        return self.survivor != self.merged


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do: `survivor` keeps its id, `loser` becomes a redirect.

    `vetoes` that are absolute forbid it: then nothing follows; others need an approver.
    """

    other: UUID
    survivor: GoldenRecord
    loser: GoldenRecord
    survivor_title: str
    loser_title: str
    moving: int
    quality: int
    rows: list[PreviewRow]
    vetoes: list[Veto]
    apart: bool
    consequences: Consequences | None

    @property
    def forbidden(self) -> bool:
        return any(veto.absolute for veto in self.vetoes)


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
    """Rehearse a merge and tell what would change. Raises what merging raises, but for what the preview shows."""
    ids = [head.id, other]
    spec = mergeable_spec(ids)
    [vetoes] = find_vetoes(spec, [ids])
    headers = GoldenRecord.objects.in_bulk(ids)
    members = members_of(ids)
    sizes = {record: sum(member.record_id == record for member in members) for record in ids}
    survivor, loser = survivors_first(sizes, {pk: each.created_at for pk, each in headers.items()})
    before = {record: _values_of(head, record) for record in ids}
    merged, quality, consequences = before[survivor], headers[survivor].quality, None
    if not any(veto.absolute for veto in vetoes):
        with rehearse_merge(record_ids=ids, now=now) as (_, correlation_id):
            merged = load_documents(spec, [survivor])[survivor]
            quality = GoldenRecord.objects.get(pk=survivor).quality
            consequences = consequences_of(correlation_id, ids, clear=head.sight.clear)
    return Preview(
        other=other,
        survivor=headers[survivor],
        loser=headers[loser],
        survivor_title=head.sight.title(headers[survivor].title),
        loser_title=head.sight.title(headers[loser].title),
        moving=sizes[loser],
        quality=quality,
        rows=_rows(head, before[survivor], before[loser], merged),
        vetoes=vetoes,
        apart=bool(records_kept_apart(record_ids=ids)),
        consequences=consequences,
    )


def _rows(head: RecordHead, survivor: Document, loser: Document, merged: Document) -> list[PreviewRow]:
    names = names_of(reference_ids(head.spec, merged, survivor, loser), clear=head.sight.clear)
    provenance = merged.get("provenance", {})
    rows = [
        PreviewRow(
            part.title,
            _text(head, part.name, survivor, names),
            _text(head, part.name, loser, names),
            _text(head, part.name, merged, names),
            why_of(provenance, part.name),
        )
        for part in parts_of(head.spec)
    ]
    return [row for row in rows if row.survivor or row.loser or row.merged]


def why_of(provenance: Document, name: str) -> str:
    """Return where a value comes from and by which rule, or those of a collection's items, each once."""
    found = [
        origin for path, origin in sorted(provenance.items()) if path == name or path.startswith(f"{name}:")
    ]
    told = (
        " ".join(str(part) for part in (origin.get("system", ""), origin.get("key", "")) if part)
        + (", " if origin.get("system") else "")
        + str(origin.get("rule", ""))
        for origin in found
    )
    return "; ".join(dict.fromkeys(told))


def _values_of(head: RecordHead, record: UUID) -> Document:
    return load_documents(head.spec, [record]).get(record, {})


def _text(head: RecordHead, name: str, document: Document, names: Names) -> str:
    return show_any(head.spec, name, head.sight.value(name, document.get(name)), names)
