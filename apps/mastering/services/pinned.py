"""The pins that hold for golden records: their own, and those of the records that were merged into them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Move, Redirect
from apps.mastering.engine.survivorship import PinnedValue
from apps.mastering.models import Pin

Pins = dict[UUID, dict[str, PinnedValue]]


def pins_of(
    spec: EntitySpec,
    ids: Sequence[UUID],
    *,
    tried: Mapping[UUID, Mapping[str, PinnedValue]],
    moves: Sequence[Move],
    redirects: Sequence[Redirect],
    now: datetime,
) -> Pins:
    """Return, by record, the pinned values that have not expired, as if moves and redirects had happened.

    A merge keeps what a person said of the loser, unless one said so of the survivor; of several losers the last
    word counts. A record that gets members back is itself again, and has its own pins.
    """
    merging = {redirect.loser: redirect.survivor for redirect in redirects}
    separate = {move.record_id for move in moves}
    pins: Pins = {}
    found = Pin.objects.filter(
        Q(record__in=[*ids, *merging]) | Q(record__merged_into__in=[*ids, *merging]),
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        ended_at__isnull=True,
    )
    inherited: list[tuple[UUID, Pin]] = []
    for pin in found.select_related("record").order_by("pinned_at", "pk"):
        survivor = None if pin.record_id in separate else pin.record.merged_into_id
        survivor = merging.get(survivor or pin.record_id, survivor)
        if survivor is None:
            pins.setdefault(pin.record_id, {})[pin.attribute] = _value(pin)
        else:
            inherited.append((survivor, pin))
    for record, pin in reversed(inherited):
        pins.setdefault(record, {}).setdefault(pin.attribute, _value(pin))
    for record, proposed in tried.items():
        pins.setdefault(record, {}).update(proposed)
    return _with_survivors(spec, pins)


def pinned_to(ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return, by entity, the live records that a person made refer to one of these, in items too."""
    found: dict[str, list[UUID]] = {}
    if ids:
        wanted = {str(record) for record in ids}
        pins = Pin.objects.filter(ended_at__isnull=True, record__status=RecordStatus.LIVE)
        direct = pins.filter(value__in=sorted(wanted)).values_list("record__entity", "record_id")
        collections = {c.name for spec in entities.values() for c, _ in spec.item_references()}
        listed = pins.filter(attribute__in=collections).values_list("record__entity", "record_id", "value")
        within = ((name, record) for name, record, value in listed if wanted & _texts(value))
        for entity_name, record in (*direct, *within):
            found.setdefault(entity_name, []).append(record)
    return found


def _texts(items: Any) -> set[str]:
    return {value for item in items or () for value in item.values() if isinstance(value, str)}


def _value(pin: Pin) -> PinnedValue:
    return PinnedValue(pin.value, pin.pinned_by, pin.reason)


def _with_survivors(spec: EntitySpec, pins: Pins) -> Pins:
    """Let pinned references lead to the survivor where the record they name was merged."""
    names = {attribute.name for attribute in spec.references()}
    columns: dict[str, set[str]] = {}
    for collection, column in spec.item_references():
        columns.setdefault(collection.name, set()).add(column.name)
    held = {
        str(value)
        for own in pins.values()
        for name, each in own.items()
        for value in _referred(name, each.value, names, columns)
    }
    merged = GoldenRecord.objects.filter(pk__in=held, status=RecordStatus.MERGED) if held else ()
    survivors = {str(record.pk): str(record.merged_into_id) for record in merged}
    if not survivors:
        return pins

    def led(name: str, each: PinnedValue) -> PinnedValue:
        if name in names:
            return PinnedValue(survivors.get(each.value, each.value), each.by, each.reason)
        if name in columns:
            items = [
                {c: survivors.get(v, v) if c in columns[name] else v for c, v in item.items()}
                for item in each.value or ()
            ]
            return PinnedValue(items, each.by, each.reason)
        return each

    return {record: {name: led(name, each) for name, each in own.items()} for record, own in pins.items()}


def _referred(name: str, value: Any, names: set[str], columns: Mapping[str, set[str]]) -> Iterator[str]:
    if name in names and value:
        yield value
    for item in (value or ()) if name in columns else ():
        yield from (item[column] for column in columns[name] if item.get(column))
