"""Load the members of golden records as survivorship sees them: a constant number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Move
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.trust import LOST_TRUST
from apps.quality.contracts import StoredRecord
from apps.quality.selectors import stored_records
from apps.sources.selectors import Member, members_of, resolve_keys

EMPTY = StoredRecord("", {})


def contenders_of(
    spec: EntitySpec,
    ids: Sequence[UUID],
    moves: Sequence[Move] = (),
    assumed: Mapping[tuple[str, str, str], UUID] | None = None,
) -> dict[UUID, list[Contender]]:
    """Return the live members of each record as if `moves` had happened, with references turned into golden ids.

    `assumed` says where source keys (system, entity, key) live in place of what the crosswalk says.
    """
    joining = {move.source_record_id: move.record_id for move in moves}
    members = [member for member in members_of(ids, joining=joining) if not member.deleted]
    stored = stored_records(ids=[member.id for member in members])
    values = {key: _given(record.values) for key, record in stored.items()}
    targets = [target for each in values.values() for target in _targets(spec, each)]
    resolved = resolve_keys(targets)
    moved = {(m.system, spec.name, m.key): joining[m.id] for m in members if m.id in joining}
    resolved |= {target: moved[target] for target in targets if target in moved}
    if assumed:
        resolved |= {target: assumed[target] for target in targets if target in assumed}
    wanted = set(ids)
    contenders: dict[UUID, list[Contender]] = {}
    for member in members:
        record = joining.get(member.id, member.record_id)
        if record in wanted and record is not None:
            document = _with_golden_ids(spec, values.get(member.id, {}), resolved)
            found = _contender(spec, member, document, stored.get(member.id, EMPTY))
            contenders.setdefault(record, []).append(found)
    return contenders


def golden_values(spec: EntitySpec, values: Document) -> Document:
    """Return standardized values as a contender would have them: those that say something, references as golden ids."""
    given = _given(values)
    return _with_golden_ids(spec, given, resolve_keys(list(_targets(spec, given))))


def _given(values: Document) -> Document:
    return {name: value for name, value in values.items() if value is not None}


def _contender(spec: EntitySpec, member: Member, document: Document, stored: StoredRecord) -> Contender:
    return Contender(
        id=str(member.id),
        system=member.system,
        role=member.role,
        key=member.key,
        recency=member.recency if stored.own_recency is None else stored.own_recency,
        values=document,
        faults=_faults(stored.issues, document) if stored.issues else None,
        echoed=_echoed(spec, stored) if stored.echoed else frozenset(),
    )


def _echoed(spec: EntitySpec, stored: StoredRecord) -> frozenset[str]:
    """Return what the record still only repeats: a mark speaks of the value it was made for."""
    held = dict(stored.values)
    for collection in spec.collections:
        for item in stored.values.get(collection.name) or ():
            held[f"{collection.name}:{collection.identity_of(item)}"] = item
    return frozenset(place for place, value in stored.echoed.items() if held.get(place) == value)


def _faults(issues: Iterable[Mapping[str, Any]], document: Document) -> dict[str, float] | None:
    """Return the trust lost by attribute or collection; of several issues the worst counts."""
    found: dict[str, float] = {}
    for issue in issues:
        lost = LOST_TRUST.get(str(issue["severity"]))
        name = str(issue["attribute"] or "").partition(".")[0].partition("[")[0]
        if lost and name in document:
            found[name] = max(lost, found.get(name, 0.0))
    return found or None


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
