"""Compute what golden records would be: reads only, a frozen plan out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.golden.documents import follow_reference, load_documents
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec, Kind
from apps.mastering.contracts import Change, ChangeKind, Move, Plan, Redirect
from apps.mastering.engine.survivorship import COMPUTED, Contender, PinnedValue, Survivors, survive
from apps.mastering.models import Pin
from apps.mastering.selectors import active_ownership
from apps.quality.selectors import standardized_values
from apps.quality.services import assess_document
from apps.sources.selectors import Member, members_of, resolve_keys
from apps.sources.versions import recency_of

Pins = dict[UUID, dict[str, PinnedValue]]


def plan_records(
    *,
    spec: EntitySpec,
    record_ids: Iterable[UUID],
    now: datetime,
    moves: Sequence[Move] = (),
    redirects: Sequence[Redirect] = (),
    pins: Pins | None = None,
    lock: bool = True,
) -> Plan:
    """Plan these golden records as if `moves` had happened; an id without a golden record is a new one.

    `pins` are tried besides the stored ones (a proposal); `lock` holds the records until the transaction ends, so
    that what is planned is what is applied. A constant number of statements, whatever the number of records.
    """
    ids = sorted({*record_ids, *(move.record_id for move in moves)})
    headers = GoldenRecord.objects.in_bulk(ids)
    before = load_documents(spec, headers, lock=lock)
    contenders = _contenders(spec, ids, moves)
    pinned = _pins(ids, pins or {})
    ownership = active_ownership()
    survivors = {
        record: survive(spec, contenders.get(record, ()), ownership, pinned.get(record, {})) for record in ids
    }
    _follow_derived(spec, survivors.values())
    _drop_self_references(spec, survivors)
    changes = tuple(
        _change(
            spec,
            record,
            headers.get(record),
            before.get(record, {}),
            survivors[record],
            record in contenders,
            now,
        )
        for record in ids
    )
    return Plan(entity=spec.name, changes=changes, moves=tuple(moves), redirects=tuple(redirects))


def _contenders(spec: EntitySpec, ids: Sequence[UUID], moves: Sequence[Move]) -> dict[UUID, list[Contender]]:
    """Return the live members of each record, with references turned into golden ids."""
    joining = {move.source_record_id: move.record_id for move in moves}
    members = [member for member in members_of(ids, joining=joining) if not member.deleted]
    values = standardized_values(ids=[member.id for member in members])
    resolved = resolve_keys([target for each in values.values() for target in _targets(spec, each)])
    wanted = set(ids)
    contenders: dict[UUID, list[Contender]] = {}
    for member in members:
        record = joining.get(member.id, member.record_id)
        if record in wanted and record is not None:
            document = _with_golden_ids(spec, values.get(member.id, {}), resolved)
            contenders.setdefault(record, []).append(_contender(member, document))
    return contenders


def _contender(member: Member, document: Document) -> Contender:
    return Contender(
        id=str(member.id),
        system=member.system,
        role=member.role,
        key=member.key,
        recency=recency_of(member.source_version),
        values=document,
    )


def _targets(spec: EntitySpec, values: Document) -> Iterable[tuple[str, str, str]]:
    for attribute in spec.references():
        if isinstance(value := values.get(attribute.name), dict):
            yield value["system"], attribute.references, str(value["key"])
    for collection, column in spec.item_references():
        for item in values.get(collection.name) or ():
            if isinstance(value := item.get(column.name), dict):
                yield value["system"], column.references, str(value["key"])


def _with_golden_ids(
    spec: EntitySpec, values: Document, resolved: Mapping[tuple[str, str, str], UUID]
) -> Document:
    """Return values with references as golden ids; a reference to what is not here yet is left out."""

    def golden(value: Any, target: str) -> str | None:
        found = (
            resolved.get((value["system"], target, str(value["key"]))) if isinstance(value, dict) else None
        )
        return str(found) if found else None

    document = dict(values)
    for attribute in spec.references():
        if attribute.name in document:
            document[attribute.name] = golden(document[attribute.name], attribute.references)
    for collection, column in spec.item_references():
        if items := document.get(collection.name):
            document[collection.name] = [
                {**item, column.name: golden(item[column.name], column.references)}
                if column.name in item
                else item
                for item in items
            ]
    return document


def _pins(ids: Sequence[UUID], tried: Pins) -> Pins:
    pins: Pins = {}
    for pin in Pin.objects.filter(record__in=ids, ended_at__isnull=True):
        pins.setdefault(pin.record_id, {})[pin.attribute] = PinnedValue(pin.value, pin.pinned_by, pin.reason)
    for record, proposed in tried.items():
        pins.setdefault(record, {}).update(proposed)
    return pins


def _follow_derived(spec: EntitySpec, survivors: Iterable[Survivors]) -> None:
    """Set attributes that follow a reference (a project's customer is its engagement's)."""
    listed = list(survivors)
    for attribute in spec.attributes:
        if not attribute.derived or attribute.derived == COMPUTED:
            continue
        reference, _, followed = attribute.derived.partition(".")
        target = entity(spec.attribute(reference).references)
        held = [each.document[reference] for each in listed if each.document.get(reference)]
        found = follow_reference(target, followed, held)
        for each in listed:
            value = found.get(each.document.get(reference, ""))
            if value is not None:
                each.document[attribute.name] = value
                each.provenance[attribute.name] = {"rule": f"follows {attribute.derived}"}


def _drop_self_references(spec: EntitySpec, survivors: Mapping[UUID, Survivors]) -> None:
    """Leave out a reference that a merge turned upon the record itself: parent and child became one."""
    names = [attribute.name for attribute in spec.references() if attribute.references == spec.name]
    for record, each in survivors.items():
        for name in names:
            if each.document.get(name) == str(record):
                del each.document[name]
                each.provenance.pop(name, None)


def _change(
    spec: EntitySpec,
    record_id: UUID,
    header: GoldenRecord | None,
    stored: Document,
    survivors: Survivors,
    has_members: bool,
    now: datetime,
) -> Change:
    before = {name: value for name, value in stored.items() if name != "provenance"}
    provenance_before = stored.get("provenance", {})
    after = _in_stored_form(spec, survivors.document) if has_members else before
    provenance = (
        _dated(before, after, provenance_before, survivors.provenance, now)
        if has_members
        else provenance_before
    )
    return Change(
        record_id=record_id,
        entity=spec.name,
        kind=_kind(header, before, after, provenance_before, provenance, has_members),
        version=header.version if header else 0,
        before=before,
        after=after,
        provenance_before=provenance_before,
        provenance=provenance,
        quality=assess_document(spec=spec, document=after).score,
    )


def _kind(
    header: GoldenRecord | None,
    before: Document,
    after: Document,
    provenance_before: Document,
    provenance: Document,
    has_members: bool,
) -> ChangeKind:
    if header is None:
        return "created"
    if not has_members:
        return "retired" if header.status == RecordStatus.LIVE else "unchanged"
    if header.status == RecordStatus.RETIRED:
        return "revived"
    if before != after:
        return "updated"
    return "unchanged" if provenance_before == provenance else "requalified"


def _in_stored_form(spec: EntitySpec, document: Document) -> Document:
    """Return the document as a read from the typed table would give it, so that equal values compare equal."""
    stored = {name: value for name, value in document.items() if value is not None and value != []}
    for attribute in spec.attributes:
        if attribute.name in stored:
            stored[attribute.name] = stored_value(
                attribute.kind, attribute.max_length, stored[attribute.name]
            )
    for collection in spec.collections:
        if items := stored.get(collection.name):
            kinds = {column.name: column for column in collection.columns}
            stored[collection.name] = [
                {
                    name: stored_value(kinds[name].kind, kinds[name].max_length, value)
                    for name, value in item.items()
                    if value is not None and name in kinds
                }
                for item in items
            ]
            stored[collection.name].sort(key=collection.identity_of)
    return stored


_PLACES = {Kind.MONEY: "0.01", Kind.DECIMAL: "0.000001"}


def stored_value(kind: Kind, max_length: int, value: Any) -> Any:
    """Return one value as its column gives it back."""
    if kind in _PLACES:
        text = format(Decimal(str(value)).quantize(Decimal(_PLACES[kind])), "f")
        return text.rstrip("0").rstrip(".") if kind is Kind.DECIMAL else text
    if kind in (Kind.TEXT, Kind.CHOICE):
        return str(value)[:max_length]
    return value


def _dated(before: Document, after: Document, old: Document, new: Document, now: datetime) -> Document:
    """Return provenance with the time each value was decided: kept while value and origin stay the same."""
    dated = {}
    stamp = now.isoformat(timespec="seconds")
    for path, origin in new.items():
        known = old.get(path)
        name, _, identity = path.partition(":")
        same = before.get(name) == after.get(name) if not identity else True
        if known and same and {k: v for k, v in known.items() if k != "at"} == origin:
            dated[path] = known
        else:
            dated[path] = {**origin, "at": stamp}
    return dated
