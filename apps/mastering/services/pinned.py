"""The pins that hold for golden records: their own, and those of the records that were merged into them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Q

from apps.golden.models import GoldenRecord, RecordStatus
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
) -> Pins:
    """Return, by record, the pinned values, as if moves and redirects had happened.

    A merge keeps what a person said of the loser, unless one said so of the survivor; of several losers the last
    word counts. A record that gets members back is itself again, and has its own pins.
    """
    merging = {redirect.loser: redirect.survivor for redirect in redirects}
    separate = {move.record_id for move in moves}
    pins: Pins = {}
    found = Pin.objects.filter(
        Q(record__in=[*ids, *merging]) | Q(record__merged_into__in=[*ids, *merging]), ended_at__isnull=True
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
    """Return, by entity, the live records that a person made refer to one of these."""
    found: dict[str, list[UUID]] = {}
    if ids:
        pins = Pin.objects.filter(
            value__in=[str(record) for record in ids], ended_at__isnull=True, record__status=RecordStatus.LIVE
        )
        for entity_name, record in pins.values_list("record__entity", "record_id"):
            found.setdefault(entity_name, []).append(record)
    return found


def _value(pin: Pin) -> PinnedValue:
    return PinnedValue(pin.value, pin.pinned_by, pin.reason)


def _with_survivors(spec: EntitySpec, pins: Pins) -> Pins:
    """Let pinned references lead to the survivor where the record they name was merged."""
    names = {attribute.name for attribute in spec.references()}
    held = {
        str(each.value) for own in pins.values() for name, each in own.items() if name in names and each.value
    }
    merged = GoldenRecord.objects.filter(pk__in=held, status=RecordStatus.MERGED) if held else ()
    survivors = {str(record.pk): str(record.merged_into_id) for record in merged}
    return {
        record: {
            name: PinnedValue(survivors[each.value], each.by, each.reason)
            if name in names and each.value in survivors
            else each
            for name, each in own.items()
        }
        for record, own in pins.items()
    }
