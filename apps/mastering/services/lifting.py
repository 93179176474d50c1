"""Carry pins to the record they belong to when members are taken out of a golden record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.ids import uuid7
from apps.mastering.contracts import Parting, Side
from apps.mastering.engine.survivorship import PinnedValue
from apps.mastering.models import Pin
from apps.mastering.services.pinned import pinned_value


@dataclass(frozen=True, slots=True)
class Lifted:
    """Pins on their way to the other side: those that leave and those of which a copy does."""

    leaving: tuple[Pin, ...] = ()
    copied: tuple[Pin, ...] = field(default=())

    @property
    def values(self) -> dict[str, PinnedValue]:
        pins = (*self.copied, *self.leaving)
        return {pin.attribute: pinned_value(pin) for pin in pins}


def lift_pins(*, parting: Parting, sides: Mapping[UUID, Side], now: datetime) -> Lifted:
    """End the pins that leave, and let those hold again that they had replaced; before the parting is planned."""
    chosen = list(
        Pin.objects.select_for_update()
        .filter(pk__in=sides, ended_at__isnull=True)
        .order_by("pinned_at", "pk")
    )
    leaving = tuple(pin for pin in chosen if sides[pin.pk] == "away")
    for pin in leaving:
        _save(pin, ended_at=now)
        replaced = Pin.objects.filter(record=pin.record_id, attribute=pin.attribute, ended_at=pin.pinned_at)
        earlier = replaced.exclude(pk=pin.pk).order_by("-pinned_at", "-pk").first()
        if earlier and parting.merge_id and earlier.pk < parting.merge_id:
            _save(earlier, ended_at=None)
    return Lifted(leaving, tuple(pin for pin in chosen if sides[pin.pk] == "both"))


def put_pins(*, lifted: Lifted, record_id: UUID, now: datetime) -> None:
    """Let lifted pins hold on the other record, which is there by now; they end what was pinned there before."""
    values = lifted.values
    for pin in Pin.objects.filter(record=record_id, attribute__in=values, ended_at__isnull=True):
        _save(pin, ended_at=now)
    for pin in (*lifted.leaving, *lifted.copied):
        if pin in lifted.copied:
            pin.pk, pin._state.adding = uuid7(), True
        pin.record_id, pin.ended_at = record_id, None
        pin.save()


def move_child_pins(*, sides: Mapping[tuple[UUID, str], UUID], reason: str, now: datetime) -> None:
    """Pin references of other records, by (record, attribute), on these golden ids, in place of earlier pins."""
    for (record, name), target in sides.items():
        for pin in Pin.objects.select_for_update().filter(
            record=record, attribute=name, ended_at__isnull=True
        ):
            _save(pin, ended_at=now)
        Pin.objects.create(record_id=record, attribute=name, value=str(target), reason=reason, pinned_at=now)


def _save(pin: Pin, **values: Any) -> None:
    for name, value in values.items():
        setattr(pin, name, value)
    pin.save(update_fields=list(values))
