"""`apply_plan`: the single door through which golden data changes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from psycopg import sql

from apps.audit.context import current
from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.golden.documents import (
    item_model,
    load_documents,
    records_referring,
    records_with_item_referring,
    typed_model,
)
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities, entity
from apps.golden.spec import Document, EntitySpec
from apps.golden.writers import Header, repoint_redirects, write_documents, write_headers
from apps.mastering.contracts import Change, Plan
from apps.mastering.models import Merge
from apps.mastering.services.pinned import pinned_to
from apps.mastering.services.planning import plan_records
from apps.mastering.services.verdicts import write_verdicts
from apps.outbox.contracts import NewEvent
from apps.outbox.services import append_events
from apps.sources.selectors import golden_referrers
from apps.sources.services import (
    Membership,
    assign_crosswalk,
    mark_members_pending,
    mark_referrers_pending,
)

Route = Callable[[Plan], Plan]


def as_planned(plan: Plan) -> Plan:
    """Route a plan to nobody: all of it is applied."""
    return plan


@transaction.atomic
def apply_plan(*, plan: Plan, now: datetime, at_once: bool = False, route: Route = as_planned) -> None:
    """Write a plan: headers, crosswalk, typed rows, items, provenance, history and outbox events, or nothing.

    Records that refer to what moved or changed are computed again: as pending records that the pipeline takes next,
    or, for what a person did (`at_once`) and for merges, in the same transaction. `route` takes out of their plans
    what waits for an approver.
    """
    spec = entity(plan.entity)
    written = [change for change in plan.changes if change.kind != "unchanged"]
    with raw_cursor() as cursor:
        new = [_header(spec, change) for change in written if change.kind == "created"]
        changed = [_header(spec, change) for change in written if change.kind != "created"]
        write_headers(cursor, spec, new, changed, now=now)
        documents = {
            change.record_id: {**change.after, "provenance": change.provenance} for change in written
        }
        write_documents(cursor, spec, documents, now=now)
    moved = assign_crosswalk(
        memberships=[Membership(move.source_record_id, move.record_id, move.method) for move in plan.moves],
        now=now,
    )
    write_verdicts(plan=plan, now=now)
    events = [_event(change) for change in written if change.is_news]
    append_events(events=events, now=now)
    if plan.redirects:
        _redirect(spec, plan, now=now, route=route)
    if at_once:
        for referring, ids in golden_referrers(source_record_ids=moved).items():
            _apply_again(referring, ids, now=now, route=route)
        for following, ids in _followers(spec, written).items():
            _apply_again(following, ids, now=now, route=route)
        back = [change.record_id for change in written if change.kind == "revived"]
        for pinning, ids in pinned_to(back).items():
            _apply_again(pinning, ids, now=now, route=route)
    else:
        mark_referrers_pending(source_record_ids=moved, now=now)
        for ids in _followers(spec, written).values():
            mark_members_pending(record_ids=ids, now=now)


def _apply_again(entity_name: str, ids: Sequence[UUID], *, now: datetime, route: Route) -> None:
    plan = plan_records(spec=entity(entity_name), record_ids=ids, now=now)
    apply_plan(plan=route(plan), now=now, at_once=True, route=route)


def _header(spec: EntitySpec, change: Change) -> Header:
    status = RecordStatus.RETIRED if change.kind == "retired" else RecordStatus.LIVE
    return Header(
        id=change.record_id,
        title=str(change.after.get(spec.title_attribute) or ""),
        status=status,
        version=change.version + 1 if change.is_news else change.version,
        quality=change.quality,
    )


def _event(change: Change) -> NewEvent:
    return NewEvent(
        record_id=change.record_id,
        entity=change.entity,
        seq=change.version + 1,
        type=change.kind,
        changed=change.changed,
        payload=change.after,
    )


def _redirect(spec: EntitySpec, plan: Plan, *, now: datetime, route: Route) -> None:
    """Turn the losers of merges into redirects and compute everything that refers to them again, here and now."""
    losers = [redirect.loser for redirect in plan.redirects]
    headers = GoldenRecord.objects.in_bulk(losers)
    before = load_documents(spec, losers)
    survivors = {
        change.record_id: {**change.before, "provenance": change.provenance_before} for change in plan.changes
    }
    _write_merges(plan, {**before, **survivors}, now=now)
    with raw_cursor() as cursor:
        write_headers(
            cursor,
            spec,
            [],
            [
                Header(
                    id=redirect.loser,
                    title=headers[redirect.loser].title,
                    status=RecordStatus.MERGED,
                    version=headers[redirect.loser].version + 1,
                    quality=headers[redirect.loser].quality,
                    merged_into=redirect.survivor,
                )
                for redirect in plan.redirects
            ],
            now=now,
        )
        # Redirects that pointed at a loser point at its survivor: a chain is never longer than one hop.
        for redirect in plan.redirects:
            chained = GoldenRecord.objects.filter(merged_into=redirect.loser).values_list("pk", flat=True)
            repoint_redirects(cursor, list(chained), survivor=redirect.survivor, now=now)
    for referring, ids in referrers_of(spec, losers).items():
        _apply_again(referring, ids, now=now, route=route)
    _delete_typed_rows(spec, losers, now=now)
    events = [
        NewEvent(
            record_id=redirect.loser,
            entity=spec.name,
            seq=headers[redirect.loser].version + 1,
            type="merged",
            changed=(),
            payload={**_values(before[redirect.loser]), "merged_into": str(redirect.survivor)},
        )
        for redirect in plan.redirects
    ]
    append_events(events=events, now=now)


def _values(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "provenance"}


def _write_merges(plan: Plan, before: dict[UUID, Document], *, now: datetime) -> None:
    Merge.objects.bulk_create(
        Merge(
            entity=plan.entity,
            survivor_id=redirect.survivor,
            loser_id=redirect.loser,
            moved=list(redirect.moved),
            before={str(record): before.get(record, {}) for record in (redirect.survivor, redirect.loser)},
            method=redirect.method,
            reason=redirect.reason or current().reason,
            merged_at=now,
        )
        for redirect in plan.redirects
    )


def referrers_of(spec: EntitySpec, ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return, by entity, the golden records that refer to one of these."""
    found: dict[str, set[UUID]] = {}
    for other in entities.values():
        for attribute in other.references():
            if attribute.references == spec.name:
                found.setdefault(other.name, set()).update(records_referring(other, attribute.name, ids))
        for collection, column in other.item_references():
            if column.references == spec.name:
                found.setdefault(other.name, set()).update(
                    records_with_item_referring(collection, column.name, ids)
                )
    gone = set(ids)
    return {name: sorted(records - gone) for name, records in found.items() if records - gone}


def _delete_typed_rows(spec: EntitySpec, losers: Sequence[UUID], *, now: datetime) -> None:
    """Remove the losers' values; they stay in the history and in the merge."""
    with raw_cursor() as cursor:
        for collection in spec.collections:
            model = item_model(collection)
            table = sql.Identifier(model._meta.db_table)
            cursor.execute(
                sql.SQL("SELECT id FROM {} WHERE record_id = ANY(%s)").format(table), (list(losers),)
            )
            items = [item for (item,) in cursor]
            write_history(cursor, model, items, kind="-", now=now)
            cursor.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(table), (items,))
        typed = typed_model(spec)
        write_history(cursor, typed, losers, kind="-", now=now)
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE record_id = ANY(%s)").format(sql.Identifier(typed._meta.db_table)),
            (list(losers),),
        )


def _followers(spec: EntitySpec, written: Iterable[Change]) -> dict[str, list[UUID]]:
    """Return, by entity, the golden records whose derived attribute follows one that changed here."""
    found: dict[str, list[UUID]] = {}
    changed: dict[str, list[UUID]] = {}
    for change in written:
        for name in change.changed:
            changed.setdefault(name, []).append(change.record_id)
    for other in entities.values():
        for attribute in other.attributes:
            reference, _, followed = attribute.derived.partition(".")
            if followed and other.attribute(reference).references == spec.name and changed.get(followed):
                found.setdefault(other.name, []).extend(
                    records_referring(other, reference, changed[followed])
                )
    return found
