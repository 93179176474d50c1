"""Pins: a steward's value for an attribute, planned like any other change."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.audit.context import current
from apps.core.errors import NotFound
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec, Kind
from apps.mastering.contracts import Plan
from apps.mastering.engine.survivorship import PinnedValue
from apps.mastering.models import Pin
from apps.mastering.services.pinned_items import InvalidPin, checked_reference, standardized_items
from apps.mastering.services.planning import plan_records
from apps.quality.services import standardize_records


def plan_pin(
    *, record_id: UUID, values: Mapping[str, Any], reason: str, now: datetime, lock: bool = True
) -> Plan:
    """Plan what a record becomes when a steward's values are pinned; nothing is stored yet.

    Raises NotFound for a record that is not live, InvalidPin for an attribute that has no such value.
    """
    header = GoldenRecord.objects.filter(pk=record_id, status=RecordStatus.LIVE).first()
    if header is None:
        raise NotFound(f"There is no live golden record {record_id}.")
    spec = entity(header.entity)
    pins = {
        name: PinnedValue(value, current().actor.name, reason)
        for name, value in standardized_pins(spec, values).items()
    }
    return plan_records(spec=spec, record_ids=[record_id], pins={record_id: pins}, now=now, lock=lock)


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


def write_pins(*, record_id: UUID, values: Mapping[str, Any], reason: str, now: datetime) -> None:
    """Store pins, ending earlier ones of the same attributes; call it with the plan of `plan_pin`, before applying."""
    for pin in Pin.objects.select_for_update().filter(
        record_id=record_id, attribute__in=list(values), ended_at__isnull=True
    ):
        pin.ended_at = now
        pin.save(update_fields=["ended_at"])
    for name, value in values.items():
        Pin.objects.create(record_id=record_id, attribute=name, value=value, reason=reason, pinned_at=now)


def end_pin(*, pin_id: UUID, now: datetime) -> UUID:
    """End a pin and return its golden record, which must be planned again."""
    pin = Pin.objects.select_for_update().get(pk=pin_id)
    if pin.ended_at is None:
        pin.ended_at = now
        pin.save(update_fields=["ended_at"])
    return pin.record_id
