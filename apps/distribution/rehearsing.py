"""What targets would be sent for records whose change is rehearsed, by the same drafting that delivers it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.connectors.models import Connection
from apps.distribution.drafts import Draft, write_drafts
from apps.distribution.facts import load_facts
from apps.distribution.models import ExternalRef, Lane, Op, Outcome

MOST = 100
"""Deliveries drafted per target; the rest is only counted."""
_TOLD = {
    Outcome.UNCHANGED: "nothing to send",
    Outcome.SKIPPED: "nothing to send",
    Outcome.WAITING: "waits",
    Outcome.PARKED: "would be refused",
}


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """One record for one target. `fields`: (field, as last written, as it would be), personal values masked."""

    record_id: UUID
    entity: str
    operation: str
    note: str
    fields: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """What one target would be sent; `more` deliveries were not drafted."""

    connection: str
    label: str
    deliveries: tuple[PlannedDelivery, ...]
    more: int


def deliveries_following(*, record_ids: Iterable[UUID]) -> list[PlannedTarget]:
    """Return the deliveries that are due for these records, by target, in the order of their lanes."""
    due = Lane.objects.filter(record__in=list(record_ids), done_seq__lt=F("last_seq"))
    planned = []
    for connection in Connection.objects.filter(pk__in=due.values("connection")).order_by("code"):
        lanes = list(
            due.filter(connection=connection).order_by("priority", "pk").values_list("pk", flat=True)
        )
        facts = load_facts(lanes[:MOST])
        drafts = write_drafts(connection, facts)
        refs = ExternalRef.objects.in_bulk([fact.lane_id for fact in facts])
        planned.append(
            PlannedTarget(
                connection=connection.code,
                label=str(connection),
                deliveries=tuple(_planned(draft, refs.get(draft.facts.lane_id)) for draft in drafts),
                more=len(lanes) - len(facts),
            )
        )
    return planned


def _planned(draft: Draft, ref: ExternalRef | None) -> PlannedDelivery:
    return PlannedDelivery(
        record_id=draft.facts.record_id,
        entity=draft.facts.entity,
        operation=_operation(draft, ref),
        note=draft.message,
        fields=_fields(draft, ref) if draft.payload is not None and draft.outcome is None else (),
    )


def _operation(draft: Draft, ref: ExternalRef | None) -> str:
    if draft.outcome is not None:
        return _TOLD.get(draft.outcome, "nothing to send")
    if draft.op is Op.DEACTIVATE:
        return "switch off"
    if ref is None:
        return "create"
    return "switch on and update" if ref.deactivated else "update"


def _fields(draft: Draft, ref: ExternalRef | None) -> tuple[tuple[str, Any, Any], ...]:
    body, last = dict(draft.ready.body), dict(ref.last_fields) if ref else {}
    if draft.masker is not None:
        body, last = draft.masker.payload(body), draft.masker.payload(last)
    return tuple(
        (name, last.get(name), value) for name, value in sorted(body.items()) if last.get(name) != value
    )
