"""Compute golden records from scratch and compare them, byte for byte, with what is stored; repair on request."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.context import because
from apps.core.bulk import raw_cursor
from apps.core.json import dumps
from apps.golden.models import GoldenRecord
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Change, ChangeKind, Difference, Plan
from apps.mastering.services import plan_records, take_turn
from apps.stewardship.contracts import Policy
from apps.stewardship.routing import split_plan
from apps.stewardship.services.routing import apply_decision, route_consequences, standing_answers

NOTHING_HELD = Policy(version=0, rules={})
CHUNK = 1_000
"""Golden records computed at once: what bounds memory."""


def chunks_of(spec: EntitySpec, *, size: int = CHUNK) -> Iterator[list[UUID]]:
    """Yield the ids of the records of an entity that have values, in order, chunk by chunk."""
    after: UUID | None = None
    while True:
        with raw_cursor() as cursor:
            cursor.execute(
                "SELECT id FROM golden_goldenrecord WHERE entity = %s AND status <> 'merged'"
                " AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s",
                (spec.name, after, after, size),
            )
            ids = [record for (record,) in cursor]
        if not ids:
            return
        yield ids
        after = ids[-1]


def compare_records(spec: EntitySpec, ids: Sequence[UUID], *, now: datetime) -> list[Difference]:
    """Return what differs of these golden records; nothing is written or locked. A constant number of statements.

    What waits for an approver, or was turned down by one, is stored as it was and no difference.
    """
    plan = plan_records(spec=spec, record_ids=ids, now=now, lock=False)
    if any(change.kind != "unchanged" for change in plan.changes):
        plan = _without_asked(spec, plan)
    headers = GoldenRecord.objects.in_bulk(list(ids))
    pending = _pending(ids)
    found: list[Difference] = []
    for change in plan.changes:
        header = headers[change.record_id]
        for place, stored, computed in _differing(spec, change, header):
            cause = _cause(change, place, pending)
            found.append(Difference(spec.name, change.record_id, header.code, place, stored, computed, cause))
    return found


def _without_asked(spec: EntitySpec, plan: Plan) -> Plan:
    """Return the plan with what an approver is asked, or said no to, as it is stored."""
    standing = standing_answers([change.record_id for change in plan.changes])
    routed = split_plan(spec, plan, NOTHING_HELD, approved=frozenset(), standing=standing)
    return replace(plan, changes=routed.plan.changes)


def _differing(spec: EntitySpec, change: Change, header: GoldenRecord) -> Iterator[tuple[str, Any, Any]]:
    for name in sorted({*change.before, *change.after}):
        if _bytes(change.before.get(name)) != _bytes(change.after.get(name)):
            yield name, change.before.get(name), change.after.get(name)
    for path in sorted({*change.provenance_before, *change.provenance}):
        stored, computed = change.provenance_before.get(path), change.provenance.get(path)
        if _bytes(stored) != _bytes(computed):
            yield f"provenance:{path}", stored, computed
    title = str(change.after.get(spec.title_attribute) or "")[:240]
    if header.title != title:
        yield "title", header.title, title
    if header.quality != change.quality:
        yield "quality", header.quality, change.quality


def _bytes(value: Any) -> bytes:
    return dumps(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _pending(ids: Sequence[UUID]) -> set[UUID]:
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.record_id FROM sources_crosswalk c JOIN sources_sourcerecord s"
            " ON s.id = c.source_record_id WHERE c.record_id = ANY(%s) AND s.pending_since IS NOT NULL",
            (list(ids),),
        )
        return {record for (record,) in cursor}


def _cause(change: Change, place: str, pending: set[UUID]) -> str:
    if change.record_id in pending:
        return "a member waits: the pipeline has not taken its newest values yet; run it"
    if change.kind in ("retired", "revived"):
        return "its members came or went without the pipeline"
    if place.startswith("provenance:"):
        if place.removeprefix("provenance:") in change.changed:
            return "see the value"
        return "the same value is chosen for another reason: rules or owners changed without a new run"
    if place == "quality":
        return "the quality rules changed since it was stored"
    if place == "title":
        return "the header was written past the hub"
    return "rules changed without a new run, or the value was written past the hub"


def repair_records(spec: EntitySpec, ids: Iterable[UUID], *, now: datetime) -> int:
    """Make these golden records what they should be, by plan and apply, in one transaction; return how many changed.

    What an approver is asked, or said no to, stays as it is.
    """
    wanted = sorted(set(ids))
    with transaction.atomic(), because("rebuild"):
        take_turn()
        plan = plan_records(spec=spec, record_ids=wanted, now=now)
        headers = GoldenRecord.objects.in_bulk(wanted)
        changes = [_written(spec, change, headers[change.record_id]) for change in plan.changes]
        routed = route_consequences(plan=replace(plan, changes=tuple(changes)), now=now)
        apply_decision(routed, now=now)
    return sum(change.kind != "unchanged" for change in routed.changes)


def _written(spec: EntitySpec, change: Change, header: GoldenRecord) -> Change:
    """Return the change as one that is written when only the header is wrong."""
    if change.kind != "unchanged" or not list(_differing(spec, change, header)):
        return change
    kind: ChangeKind = "updated" if change.before != change.after else "requalified"
    return replace(change, kind=kind)
