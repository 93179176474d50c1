"""Pins: a steward's value for an attribute, planned like any other change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.context import current
from apps.audit.history import write_history
from apps.core.bulk import raw_cursor
from apps.core.errors import Conflict, NotFound
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec, Kind
from apps.mastering.contracts import Plan
from apps.mastering.engine.survivorship import PinnedValue
from apps.mastering.models import Pin
from apps.mastering.services.pinned_items import InvalidPin, checked_reference, standardized_items
from apps.mastering.services.planning import plan_records
from apps.quality.services import standardize_records


class IllegalTransition(Conflict):
    code = "illegal_transition"
    title = "The lifecycle does not allow this step"


def plan_pin(
    *, record_id: UUID, values: Mapping[str, Any], reason: str, now: datetime, lock: bool = True
) -> Plan:
    """Plan what a record becomes when a steward's values are pinned; nothing is stored yet.

    Raises NotFound for a record that is not live, InvalidPin for an attribute that has no such value,
    IllegalTransition for a state that does not follow the present one.
    """
    header = GoldenRecord.objects.filter(pk=record_id, status=RecordStatus.LIVE).first()
    if header is None:
        raise NotFound(f"There is no live golden record {record_id}.")
    spec = entity(header.entity)
    pins = {
        name: PinnedValue(value, current().actor.name, reason)
        for name, value in standardized_pins(spec, values).items()
    }
    plan = plan_records(spec=spec, record_ids=[record_id], pins={record_id: pins}, now=now, lock=lock)
    if "status" in pins:
        _refuse_illegal_step(spec, str(plan.changes[0].before.get("status") or ""), pins["status"].value)
    return plan


def _refuse_illegal_step(spec: EntitySpec, before: str, after: Any) -> None:
    """A person follows the declared steps; what a system tells is a fact, which is kept and flagged."""
    if before and after and not spec.lifecycle.allows(before, str(after)):
        allowed = spec.lifecycle.transitions.get(before, ())
        told = f"Allowed from {before}: {', '.join(allowed)}." if allowed else f"Nothing follows {before}."
        raise IllegalTransition(f"{before} is not followed by {after}. {told}", allowed=list(allowed))


def standardized_pins(spec: EntitySpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as their standardizers leave them. Raises InvalidPin with what is wrong.

    The value of a collection is the whole list of its items.
    """
    known = {attribute.name: attribute for attribute in spec.attributes}
    collections = {each.name: each for each in spec.collections}
    for name in values:
        if name not in collections and (name not in known or known[name].derived):
            raise InvalidPin(f"{name!r} is no attribute of a {spec.label.lower()} that can be set by hand.")
    items = {n: standardized_items(spec, collections[n], v) for n, v in values.items() if n in collections}
    scalars = {n: v for n, v in values.items() if n in known}
    references = {n: v for n, v in scalars.items() if known[n].kind is Kind.REFERENCE}
    plain = {n: v for n, v in scalars.items() if n not in references}
    [result] = standardize_records(spec=spec, records=[plain])
    for name, value in plain.items():
        if value not in (None, "") and result.values.get(name) is None:
            faults = [issue.message for issue in result.issues if issue.attribute == name]
            raise InvalidPin(f"{known[name].title}: {' '.join(faults) or 'this is no valid value'}")
    checked = {n: checked_reference(known[n], value) for n, value in references.items()}
    return {**{name: result.values.get(name) for name in plain}, **checked, **items}


def write_pins(
    *,
    record_id: UUID,
    values: Mapping[str, Any],
    reason: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Store pins, ending earlier ones of the same attributes; call it with the plan of `plan_pin`, before applying.

    Raises InvalidPin when they would have expired already.
    """
    if expires_at is not None and expires_at <= now:
        raise InvalidPin("The pin would have expired already; choose a later time.")
    for pin in Pin.objects.select_for_update().filter(
        record_id=record_id, attribute__in=list(values), ended_at__isnull=True
    ):
        pin.ended_at = now
        pin.save(update_fields=["ended_at"])
    for name, value in values.items():
        Pin.objects.create(
            record_id=record_id,
            attribute=name,
            value=value,
            reason=reason,
            pinned_at=now,
            expires_at=expires_at,
        )


def end_expired_pins(*, now: datetime, limit: int) -> dict[str, list[UUID]]:
    """End pins whose time is over, the oldest first; return the records to be planned again, by entity.

    A plan leaves them out from the moment they expire, whether this ran or not.
    """
    due = Pin.objects.filter(ended_at__isnull=True, expires_at__lte=now).order_by("expires_at", "pk")[:limit]
    pins = list(due.select_for_update(of=("self",)).select_related("record"))
    for pin in pins:
        pin.ended_at = pin.expires_at
    Pin.objects.bulk_update(pins, ["ended_at"])
    with raw_cursor() as cursor:
        write_history(cursor, Pin, [pin.pk for pin in pins], kind="~", now=now)
    found: dict[str, list[UUID]] = {}
    for pin in pins:
        found.setdefault(pin.record.entity, []).append(pin.record.merged_into_id or pin.record_id)
    return {name: sorted(set(ids)) for name, ids in found.items()}


def end_pin(*, pin_id: UUID, now: datetime) -> UUID:
    """End a pin and return its golden record, which must be planned again."""
    pin = Pin.objects.select_for_update().get(pk=pin_id)
    if pin.ended_at is None:
        pin.ended_at = now
        pin.save(update_fields=["ended_at"])
    return pin.record_id
