"""The pins that hold for golden records: their own, and those of the records that were merged into them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.bulk import as_json, raw_cursor
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
    inherited: list[tuple[UUID, str, PinnedValue]] = []
    for record, into, attribute, pin in _stored_pins([*ids, *merging], now):
        survivor = None if record in separate else into
        survivor = merging.get(survivor or record, survivor)
        if survivor is None:
            pins.setdefault(record, {})[attribute] = pin
        else:
            inherited.append((survivor, attribute, pin))
    for record, attribute, pin in reversed(inherited):
        pins.setdefault(record, {}).setdefault(attribute, pin)
    for record, proposed in tried.items():
        pins.setdefault(record, {}).update(proposed)
    return _with_survivors(spec, pins, merging)


def _stored_pins(ids: Sequence[UUID], now: datetime) -> list[tuple[UUID, UUID | None, str, PinnedValue]]:
    """Return (record, what it was merged into, attribute, pin) of these records and those merged into them, by age."""
    with raw_cursor() as cursor:  # asked for every record that comes: a tenth of what the ORM takes
        cursor.execute(
            """
            SELECT p.record_id, g.merged_into_id, p.attribute, p.value, p.pinned_by, p.reason, p.pinned_at, p.id
            FROM mastering_pin p JOIN golden_goldenrecord g ON g.id = p.record_id
            WHERE p.ended_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > %(now)s) AND p.record_id IN (
                SELECT unnest(%(ids)s::uuid[])
                UNION SELECT id FROM golden_goldenrecord WHERE merged_into_id = ANY(%(ids)s))
            ORDER BY p.pinned_at, p.id
            """,
            {"ids": list(ids), "now": now},
        )
        return [
            (record, into, attribute, PinnedValue(value, by, reason, at.timestamp(), str(pin)))
            for record, into, attribute, value, by, reason, at, pin in cursor
        ]


def pinned_to(ids: Sequence[UUID]) -> dict[str, list[UUID]]:
    """Return, by entity, the live records that a person made refer to one of these, in items too.

    One look into the index of pinned values for each id and item column; other pins are not read.
    """
    columns = sorted({column.name for spec in entities.values() for _, column in spec.item_references()})
    wanted: list[object] = []
    for record in map(str, ids):
        wanted += [as_json(record), *(as_json([{column: record}]) for column in columns)]
    found: dict[str, list[UUID]] = {}
    with raw_cursor() as cursor:
        if wanted:
            cursor.execute(
                "SELECT DISTINCT g.entity, g.id FROM unnest(%s::jsonb[]) AS w(value)"
                " JOIN mastering_pin p ON p.value @> w.value AND p.ended_at IS NULL"
                " JOIN golden_goldenrecord g ON g.id = p.record_id AND g.status = 'live' ORDER BY 1, 2",
                (wanted,),
            )
            for entity_name, record in cursor:
                found.setdefault(entity_name, []).append(record)
    return found


def pinned_value(pin: Pin) -> PinnedValue:
    """Return a stored pin as survivorship sees it."""
    return PinnedValue(pin.value, pin.pinned_by, pin.reason, pin.pinned_at.timestamp(), str(pin.pk))


def _with_survivors(spec: EntitySpec, pins: Pins, merging: Mapping[UUID, UUID]) -> Pins:
    """Let pinned references lead to the survivor where the record they name was merged, or is about to be."""
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
    survivors |= {str(loser): str(survivor) for loser, survivor in merging.items() if str(loser) in held}
    if not survivors:
        return pins

    def led(name: str, each: PinnedValue) -> PinnedValue:
        if name in names:
            return replace(each, value=survivors.get(each.value, each.value))
        if name in columns:
            items = [
                {c: survivors.get(v, v) if c in columns[name] else v for c, v in item.items()}
                for item in each.value or ()
            ]
            return replace(each, value=items)
        return each

    return {record: {name: led(name, each) for name, each in own.items()} for record, own in pins.items()}


def _referred(name: str, value: Any, names: set[str], columns: Mapping[str, set[str]]) -> Iterator[str]:
    if name in names and value:
        yield value
    for item in (value or ()) if name in columns else ():
        yield from (item[column] for column in columns[name] if item.get(column))
