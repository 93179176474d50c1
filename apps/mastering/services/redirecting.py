"""Write merges: losers become redirects, everything that refers to them follows, in the same transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor, sql

from apps.audit.context import current
from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.golden.documents import item_model, load_documents, typed_model
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.spec import Document, EntitySpec
from apps.golden.writers import Header, repoint_redirects, write_headers
from apps.mastering.contracts import Plan
from apps.mastering.models import Merge
from apps.mastering.services.referring import referrers_of
from apps.outbox.contracts import NewEvent
from apps.outbox.services import append_events

Draw = Callable[[Mapping[str, Iterable[UUID]]], None]


def write_redirects(spec: EntitySpec, plan: Plan, *, draw: Draw, now: datetime) -> dict[str, list[UUID]]:
    """Turn the losers of merges into redirects; `draw` computes everything that refers to them again, here and now.

    Returns those records by entity.
    """
    losers = [redirect.loser for redirect in plan.redirects]
    headers = GoldenRecord.objects.in_bulk(losers)
    before = load_documents(spec, losers)
    survivors = {
        change.record_id: {**change.before, "provenance": change.provenance_before} for change in plan.changes
    }
    _write_merges(plan, {**before, **survivors}, now=now)
    with raw_cursor() as cursor:
        _write_headers(cursor, spec, plan, headers, now=now)
    referring = referrers_of(spec, losers)
    draw(referring)
    delete_typed_rows(spec, losers, now=now)
    append_events(
        events=[
            NewEvent(
                record_id=redirect.loser,
                entity=spec.name,
                seq=headers[redirect.loser].version + 1,
                type="merged",
                changed=(),
                payload={**_values(before.get(redirect.loser, {})), "merged_into": str(redirect.survivor)},
            )
            for redirect in plan.redirects
        ],
        now=now,
    )
    return referring


def _write_headers(
    cursor: Cursor[Any], spec: EntitySpec, plan: Plan, headers: Mapping[UUID, GoldenRecord], *, now: datetime
) -> None:
    changed = [
        Header(
            id=redirect.loser,
            title=headers[redirect.loser].title,
            status=RecordStatus.MERGED,
            version=headers[redirect.loser].version + 1,
            quality=headers[redirect.loser].quality,
            merged_into=redirect.survivor,
        )
        for redirect in plan.redirects
    ]
    write_headers(cursor, spec, [], changed, now=now)
    # Redirects that pointed at a loser point at its survivor: a chain is never longer than one hop.
    survivors = {redirect.loser: redirect.survivor for redirect in plan.redirects}
    chained = GoldenRecord.objects.filter(merged_into__in=survivors).values_list("pk", "merged_into_id")
    repoint_redirects(cursor, {record: survivors[loser] for record, loser in chained if loser}, now=now)


def _values(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "provenance"}


def _write_merges(plan: Plan, before: Mapping[UUID, Document], *, now: datetime) -> None:
    Merge.objects.bulk_create(
        Merge(
            entity=plan.entity,
            survivor_id=redirect.survivor,
            loser_id=redirect.loser,
            moved=list(redirect.moved),
            stayed=list(redirect.stayed),
            methods=dict(redirect.methods),
            before={str(record): before.get(record, {}) for record in (redirect.survivor, redirect.loser)},
            method=redirect.method,
            reason=redirect.reason or current().reason,
            merged_at=now,
        )
        for redirect in plan.redirects
    )


def delete_typed_rows(spec: EntitySpec, losers: Sequence[UUID], *, now: datetime) -> None:
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
