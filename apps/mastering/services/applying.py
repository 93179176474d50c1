"""`apply_plan`: the single door through which golden data changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.core.bulk import raw_cursor
from apps.golden.models import RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.golden.writers import Header, write_documents, write_headers
from apps.mastering.contracts import Change, Plan
from apps.mastering.services.pinned import pinned_to
from apps.mastering.services.planning import plan_records
from apps.mastering.services.redirecting import write_redirects
from apps.mastering.services.referring import followers_of
from apps.mastering.services.refusing import write_refusals
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
Remember = Callable[[EntitySpec, Sequence[UUID]], Mapping[UUID, Document]]


def as_planned(plan: Plan) -> Plan:
    """Route a plan to nobody: all of it is applied."""
    return plan


def nothing_remembered(spec: EntitySpec, ids: Sequence[UUID]) -> Mapping[UUID, Document]:
    """Remember no document from before."""
    return {}


@dataclass(frozen=True, slots=True)
class Consequences:
    """How records that follow from a plan are computed again in its own transaction.

    `route` takes out of their plans what waits for an approver; `remember` gives their documents from before the
    merge that is undone.
    """

    now: datetime
    route: Route
    remember: Remember

    def draw(self, found: Mapping[str, Iterable[UUID]]) -> None:
        """Compute these golden records again, by entity, and what follows from them."""
        for name, ids in found.items():
            spec, wanted = entity(name), sorted(set(ids))
            if wanted:
                plan = plan_records(
                    spec=spec, record_ids=wanted, remembered=self.remember(spec, wanted), now=self.now
                )
                apply_plan(
                    plan=self.route(plan),
                    now=self.now,
                    at_once=True,
                    route=self.route,
                    remember=self.remember,
                )


@transaction.atomic(savepoint=False)
def apply_plan(
    *,
    plan: Plan,
    now: datetime,
    at_once: bool = False,
    route: Route = as_planned,
    remember: Remember = nothing_remembered,
) -> None:
    """Write a plan: headers, crosswalk, typed rows, items, provenance, history and outbox events, or nothing.

    Records that refer to what moved or changed are computed again: as pending records that the pipeline takes next,
    or, for what a person did (`at_once`) and for merges, in the same transaction, by `route` and `remember` (see
    Consequences). A constant number of statements, whatever the number of records.
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
        write_documents(cursor, spec, documents, now=now, new={header.id for header in new})
    moved = assign_crosswalk(
        memberships=[Membership(move.source_record_id, move.record_id, move.method) for move in plan.moves],
        now=now,
    )
    write_verdicts(plan=plan, now=now)
    write_refusals(plan=plan, now=now)
    append_events(events=[_event(change) for change in written if change.is_news], now=now)
    consequences = Consequences(now, route, remember)
    drawn: Mapping[str, Sequence[UUID]] = {}
    if plan.redirects:
        drawn = write_redirects(spec, plan, draw=consequences.draw, now=now)
    if at_once:
        found = {
            name: set(ids) - set(drawn.get(name, ()))
            for name, ids in golden_referrers(source_record_ids=moved).items()
        }
        _collect(found, pinned_to([change.record_id for change in written if change.kind == "revived"]))
        _collect(found, followers_of(spec, written))
        consequences.draw(found)
    else:
        mark_referrers_pending(source_record_ids=moved, now=now)
        for ids in followers_of(spec, written).values():
            mark_members_pending(record_ids=ids, now=now)


def _collect(found: dict[str, set[UUID]], more: Mapping[str, Iterable[UUID]]) -> None:
    for name, ids in more.items():
        found.setdefault(name, set()).update(ids)


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
