"""Compute what golden records would be: reads only, a frozen plan out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.golden.documents import follow_reference, load_documents
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.changes import change_of
from apps.mastering.contracts import Move, Plan, Redirect
from apps.mastering.cycles import refuse_cycles
from apps.mastering.engine.survivorship import COMPUTED, Contender, Survivors, survive
from apps.mastering.placing import refuse_places
from apps.mastering.selectors import active_ownership
from apps.mastering.services.pinned import Pins, pins_of
from apps.quality.selectors import standardized_values
from apps.sources.selectors import Member, members_of, resolve_keys


def plan_records(
    *,
    spec: EntitySpec,
    record_ids: Iterable[UUID],
    now: datetime,
    moves: Sequence[Move] = (),
    redirects: Sequence[Redirect] = (),
    pins: Pins | None = None,
    remembered: Mapping[UUID, Document] | None = None,
    lock: bool = True,
) -> Plan:
    """Plan these golden records as if `moves` had happened; an id without a golden record is a new one.

    `pins` are tried besides the stored ones (a proposal); `remembered` are documents from before a merge that is
    undone; `lock` holds the records until the transaction ends, so
    that what is planned is what is applied. A constant number of statements, whatever the number of records.
    """
    ids = sorted({*record_ids, *(move.record_id for move in moves)})
    before = load_documents(spec, ids, lock=lock)
    headers = GoldenRecord.objects.in_bulk(ids)  # after the lock: versions count on from here
    contenders = _contenders(spec, ids, moves)
    pinned = pins_of(spec, ids, tried=pins or {}, moves=moves, redirects=redirects)
    ownership = active_ownership()
    survivors = {
        record: survive(spec, contenders.get(record, ()), ownership, pinned.get(record, {})) for record in ids
    }
    _follow_derived(spec, survivors.values())
    _drop_self_references(spec, survivors)
    refused = [*refuse_cycles(spec, survivors), *refuse_places(spec, survivors)]
    changes = tuple(
        change_of(
            spec,
            record,
            headers.get(record),
            before.get(record, {}),
            survivors[record] if record in contenders else None,
            remembered=(remembered or {}).get(record, {}),
            now=now,
        )
        for record in ids
    )
    return Plan(spec.name, changes, tuple(moves), tuple(redirects), tuple(refused))


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
        recency=member.recency,
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
