"""Compute golden records from scratch and compare them, byte for byte, with what is stored; repair on request."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.audit.context import because
from apps.core.bulk import raw_cursor
from apps.core.json import dumps
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Change, ChangeKind, Difference, Plan
from apps.mastering.services import (
    differing_refusals,
    mend_structure,
    plan_records,
    structural_differences,
    take_turn,
)
from apps.stewardship.contracts import Policy, Routed
from apps.stewardship.routing import settle, split_plan
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


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything inside be read as of one moment, in a transaction of its own that cannot write.

    What others commit meanwhile makes no difference then that was never stored so.
    """
    with transaction.atomic(durable=True):
        with raw_cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def compare_records(spec: EntitySpec, ids: Sequence[UUID], *, now: datetime) -> list[Difference]:
    """Return what differs of these golden records; nothing is written or locked. A constant number of statements.

    What waits for an approver, or was turned down by one, is stored as it was and no difference. What waits for the
    pipeline is told as such.
    """
    plan = plan_records(spec=spec, record_ids=ids, now=now, lock=False)
    if any(change.kind != "unchanged" for change in plan.changes):
        plan = _settled(spec, plan)[1].plan
    headers = GoldenRecord.objects.exclude(status=RecordStatus.MERGED).in_bulk(list(ids))
    waiting = _waiting(ids, now)
    found: list[Difference] = []
    refusals = differing_refusals(plan=plan)
    for change in plan.changes:
        header = headers.get(change.record_id)  # others are only planned along, or were merged meanwhile
        if header is None:
            continue
        for place, stored, computed in (*_differing(spec, change, header), *refusals.get(header.pk, ())):
            waits = waiting.get(header.pk)
            cause = waits or _cause(change, place)
            found.append(
                Difference(
                    spec.name,
                    header.pk,
                    header.code,
                    place,
                    stored,
                    computed,
                    cause,
                    waits=waits is not None,
                )
            )
    return found


def _settled(spec: EntitySpec, plan: Plan) -> tuple[Plan, Routed]:
    """Return the plan, and it without what an approver is asked, or said no to: that counts as it is stored."""

    def split(plan: Plan) -> Routed:
        standing = standing_answers([change.record_id for change in plan.changes])
        return split_plan(spec, plan, NOTHING_HELD, approved=frozenset(), standing=standing)

    return settle(spec, plan, split)


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
    status = {"retired": RecordStatus.RETIRED, "revived": RecordStatus.LIVE}.get(change.kind, header.status)
    if header.status != status:
        yield "header", header.status, str(status)


def _bytes(value: Any) -> bytes:
    return dumps(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _waiting(ids: Sequence[UUID], now: datetime) -> dict[UUID, str]:
    """Return, by golden record, what it waits for before it is computed again."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.record_id FROM sources_crosswalk c JOIN sources_sourcerecord s"
            " ON s.id = c.source_record_id WHERE c.record_id = ANY(%s) AND s.pending_since IS NOT NULL",
            (list(ids),),
        )
        pending = "a member waits: the pipeline has not taken its newest values yet"
        found = {record: pending for (record,) in cursor}
        cursor.execute(
            "SELECT coalesce(g.merged_into_id, g.id) FROM mastering_pin p JOIN golden_goldenrecord g"
            " ON g.id = p.record_id WHERE (g.id = ANY(%(ids)s) OR g.merged_into_id = ANY(%(ids)s))"
            " AND p.ended_at IS NULL AND p.expires_at <= %(now)s",
            {"ids": list(ids), "now": now},
        )
        return {record: "a pin has expired: the daily release ends it" for (record,) in cursor} | found


def _cause(change: Change, place: str) -> str:
    if change.kind in ("retired", "revived"):
        return "its members came or went without the pipeline"
    if place.startswith("refused:"):
        return "references that lead back to their start are decided otherwise: written by an older hub, or past it"
    if place.startswith("provenance:"):
        if place.removeprefix("provenance:") in change.changed:
            return "see the value"
        return "the same value is chosen for another reason: rules or owners changed without a new run"
    if place == "quality":
        return "the quality rules changed since it was stored"
    if place == "title":
        return "the header was written past the hub"
    return "rules changed without a new run, or the value was written past the hub"


def mend_records(spec: EntitySpec, *, now: datetime) -> Counter[str]:
    """Correct what does not fit together, where only one correction is right; return how many of each kind."""
    with transaction.atomic(), because("rebuild"):
        take_turn()
        done, moves = mend_structure(spec=spec, now=now)
        wanted = {each.record_id for each in structural_differences(spec) if each.mended and each.record_id}
        live = GoldenRecord.objects.filter(pk__in=wanted).exclude(status=RecordStatus.MERGED)
        plan = plan_records(spec=spec, record_ids=live.values_list("pk", flat=True), moves=moves, now=now)
        if plan.changes:
            apply_decision(route_consequences(plan=plan, now=now), now=now)
    return done


def repair_records(spec: EntitySpec, ids: Iterable[UUID], *, now: datetime) -> int:
    """Make these golden records what they should be, by plan and apply, in one transaction; return how many changed.

    What an approver is asked, or said no to, stays as it is.
    """
    wanted = sorted(set(ids))
    with transaction.atomic(), because("rebuild"):
        take_turn()
        plan, _ = _settled(spec, plan_records(spec=spec, record_ids=wanted, now=now))
        headers = GoldenRecord.objects.in_bulk([change.record_id for change in plan.changes])
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
