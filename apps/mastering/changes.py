"""Compare a stored golden document with the one computed now; pure."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from apps.golden.documents import StoredHeader
from apps.golden.models import RecordStatus
from apps.golden.spec import Attribute, Collection, Document, EntitySpec, Kind
from apps.mastering.contracts import Change, ChangeKind
from apps.mastering.engine.survivorship import Survivors
from apps.quality.services import assess_document


def change_of(
    spec: EntitySpec,
    record_id: UUID,
    header: StoredHeader | None,
    stored: Document,
    computed: Survivors | None,
    *,
    kept: Document,
    remembered: Document,
    now: datetime,
) -> Change:
    """Return what becomes of a golden record; `computed` None: it has no member left and is what is `kept` of it.

    `remembered` is a document from before a merge: where a value comes back, so does the time it was decided, and a
    record that comes back from being merged is compared with what it was.
    """
    known = stored or (
        remembered if header else {}
    )  # a loser's row is gone: it was as the merge remembers it
    before = {name: value for name, value in known.items() if name != "provenance"}
    after = {name: value for name, value in kept.items() if name != "provenance"}
    provenance = kept.get("provenance", {})
    if computed:
        after = in_stored_form(spec, computed.document)
        provenance = _dated(after, computed.provenance, (stored, remembered), now)
    return Change(
        record_id=record_id,
        entity=spec.name,
        kind=_kind(header, stored, after, provenance, computed=computed is not None, known=bool(known)),
        version=header.version if header else 0,
        before=before,
        after=after,
        provenance_before=known.get("provenance", {}),
        provenance=provenance,
        quality=assess_document(spec=spec, document=after).score,
    )


def _kind(
    header: StoredHeader | None,
    stored: Document,
    after: Document,
    provenance: Document,
    *,
    computed: bool,
    known: bool,
) -> ChangeKind:
    if header is None:
        return "created"
    if not computed:
        back = header.status == RecordStatus.MERGED and known  # all that it gets back was deleted meanwhile
        same = stored == {**after, "provenance": provenance} or not after
        return "retired" if back or header.status == RecordStatus.LIVE or not same else "unchanged"
    if header.status != RecordStatus.LIVE:
        return "revived"
    if stored == {**after, "provenance": provenance}:
        return "unchanged"
    return "requalified" if {**stored, "provenance": None} == {**after, "provenance": None} else "updated"


def in_stored_form(spec: EntitySpec, document: Document) -> Document:
    """Return the document as a read from the typed table would give it, so that equal values compare equal."""
    columns = _columns_of(spec)
    stored = {}
    for name, value in document.items():
        if value is None or value == []:
            continue
        column = columns.get(name)
        if isinstance(column, Attribute):
            value = stored_value(column.kind, column.max_length, value)
        elif column is not None:
            value = _stored_items(*column, value)
        stored[name] = value
    return stored


@lru_cache(maxsize=64)
def _columns_of(spec: EntitySpec) -> dict[str, Attribute | tuple[Collection, dict[str, Attribute]]]:
    own = {attribute.name: attribute for attribute in spec.attributes}
    return own | {each.name: (each, {c.name: c for c in each.columns}) for each in spec.collections}


def _stored_items(
    collection: Collection, kinds: dict[str, Attribute], items: Sequence[Document]
) -> list[Document]:
    stored = [
        {
            name: stored_value(kinds[name].kind, kinds[name].max_length, value)
            for name, value in item.items()
            if value is not None and name in kinds
        }
        for item in items
    ]
    if len(stored) > 1:
        stored.sort(key=collection.identity_of)
    return stored


_PLACES = {Kind.MONEY: Decimal("0.01"), Kind.DECIMAL: Decimal("0.000001")}


def stored_value(kind: Kind, max_length: int, value: Any) -> Any:
    """Return one value as its column gives it back."""
    if kind is Kind.TEXT or kind is Kind.CHOICE:
        return value if type(value) is str and len(value) <= max_length else str(value)[:max_length]
    if kind in _PLACES:
        text = format(Decimal(str(value)).quantize(_PLACES[kind]), "f")
        return text.rstrip("0").rstrip(".") if kind is Kind.DECIMAL else text
    return value


def _dated(after: Document, origins: Document, memories: Sequence[Document], now: datetime) -> Document:
    """Return provenance with the time each value was decided: as remembered where value and origin are the same."""
    stamp = now.isoformat(timespec="seconds")
    fresh: dict[int, Document] = {}  # many values of one origin
    dated = {}
    remembered = [(memory, memory.get("provenance", {})) for memory in memories if memory]
    for path, origin in origins.items():
        entry = fresh.get(id(origin))
        if entry is None:
            entry = fresh[id(origin)] = {**origin, "at": stamp}
        for memory, provenance in remembered:
            known = provenance.get(path)
            if not known:
                continue
            name, _, identity = path.partition(":")
            same = bool(identity) or memory.get(name) == after.get(name)
            if same and {**known, "at": stamp} == entry:
                entry = known
                break
        dated[path] = entry
    return dated
