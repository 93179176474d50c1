"""What was done after a merge and may belong to either side, with the side that evidence points to."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from apps.core.bulk import raw_cursor
from apps.golden.documents import typed_model
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities, entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Offer, Parting, Side
from apps.mastering.models import Merge, Pin
from apps.mastering.selectors import absorbed_by
from apps.mastering.services.referring import referrers_of
from apps.quality.selectors import standardized_values

MOST = 200
"""Offers of one kind; what lies beyond goes where evidence points without being asked about."""


def offers_of(parting: Parting) -> list[Offer]:
    """Return the pins, arrivals and children that came while the two were one, in order of time by kind."""
    values = standardized_values(ids=[*parting.leaving, *parting.staying])
    arrivals = _arrivals(parting)
    offers = list(_pins(parting, values))
    offers += _members(parting, arrivals, values)
    offers += _children(parting)
    return offers


def _pins(parting: Parting, values: Mapping[UUID, Document]) -> Iterator[Offer]:
    absorbed = GoldenRecord.objects.filter(merged_into=parting.home, status=RecordStatus.MERGED)
    own = {parting.home, *absorbed.values_list("pk", flat=True)} - {parting.away} - absorbed_by(parting.away)
    pins = Pin.objects.filter(record__in=own, ended_at__isnull=True).order_by("pinned_at", "pk")
    if parting.merge_id:
        pins = pins.filter(pk__gt=parting.merge_id)  # ids are in order of time
    for pin in pins[:MOST]:
        side, why = _side_of_value(parting, pin, values)
        yield Offer(
            kind="pin",
            key=str(pin.pk),
            attribute=pin.attribute,
            value=pin.value,
            side=side,
            why=why,
            by=pin.pinned_by,
            at=pin.pinned_at,
            reason=pin.reason,
            record_id=pin.record_id,
        )


def _side_of_value(parting: Parting, pin: Pin, values: Mapping[UUID, Document]) -> tuple[Side, str]:
    said = {
        "away": any(values.get(each, {}).get(pin.attribute) == pin.value for each in parting.leaving),
        "home": any(values.get(each, {}).get(pin.attribute) == pin.value for each in parting.staying),
    }
    if pin.value is not None and said["away"] != said["home"]:
        if said["away"]:
            return "away", "a member that leaves says the same"
        return "home", "a member that stays says the same"
    source = _corrected_source(entity(parting.entity), pin)
    if source in parting.leaving:
        return "away", "it corrected a value of a member that leaves"
    if source in parting.staying:
        return "home", "it corrected a value of a member that stays"
    return "home", "it was set on this record"


def _corrected_source(spec: EntitySpec, pin: Pin) -> UUID | None:
    """Return the source record whose value the pin replaced."""
    history = typed_model(spec).history.filter(record_id=pin.record_id, history_date__lt=pin.pinned_at)
    row = history.order_by("-history_date", "-history_id").values_list("provenance", flat=True).first()
    source = (row or {}).get(pin.attribute, {}).get("source")
    return UUID(source) if source else None


def _arrivals(parting: Parting) -> list[UUID]:
    """Return members that joined while the two were one, on either side; those of other merges are none."""
    if parting.merge_id is None:
        return []
    known: set[UUID] = set()
    records = {parting.home, parting.away, *absorbed_by(parting.home), *absorbed_by(parting.away)}
    merges = Merge.objects.filter(survivor__in=records, pk__gte=parting.merge_id)
    for moved, stayed in merges.values_list("moved", "stayed"):
        known.update(UUID(each) for each in (*moved, *stayed))
    return [each for each in (*parting.leaving, *parting.staying) if each not in known][:MOST]


def _members(parting: Parting, arrivals: Sequence[UUID], values: Mapping[UUID, Document]) -> Iterator[Offer]:
    if not arrivals:
        return
    came = set(arrivals)
    sides: dict[UUID, Side] = {each: "away" for each in parting.leaving if each not in came}
    sides |= {each: "home" for each in parting.staying if each not in came}
    likeliest = _likeliest(arrivals, sides)
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT source_record_id, system_id || ':' || key, method, assigned_at FROM sources_crosswalk"
            " WHERE source_record_id = ANY(%s) ORDER BY assigned_at, source_record_id",
            (list(arrivals),),
        )
        for source, label, method, at in cursor.fetchall():
            side, why = likeliest.get(source) or _likeness(source, sides, values)
            yield Offer(
                kind="member",
                key=str(source),
                attribute=method,
                value=label,
                side=side,
                why=why,
                at=at,
                options=("home", "away"),
            )


def _likeliest(arrivals: Sequence[UUID], sides: Mapping[UUID, Side]) -> dict[UUID, tuple[Side, str]]:
    """Return, by arrival, the side of the member that it was compared with and resembles most."""
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (arrival) arrival, other, probability FROM ("
            " SELECT left_id AS arrival, right_id AS other, probability FROM matching_candidatepair"
            " WHERE left_id = ANY(%(arrivals)s) AND right_id = ANY(%(others)s) UNION ALL"
            " SELECT right_id, left_id, probability FROM matching_candidatepair"
            " WHERE right_id = ANY(%(arrivals)s) AND left_id = ANY(%(others)s)) p"
            " ORDER BY arrival, probability DESC, other",
            {"arrivals": list(arrivals), "others": list(sides)},
        )
        return {
            arrival: (sides[other], f"it resembles a member of that side by {probability:.0%}")
            for arrival, other, probability in cursor
        }


def _likeness(source: UUID, sides: Mapping[UUID, Side], values: Mapping[UUID, Document]) -> tuple[Side, str]:
    """Return the side whose members share more values with an arrival; in doubt it stays."""
    own = values.get(source, {})
    most: dict[Side, int] = {"home": 0, "away": 0}
    for member, side in sides.items():
        other = values.get(member, {})
        shared = sum(name in other and other[name] == value for name, value in own.items())
        most[side] = max(most[side], shared)
    if most["away"] > most["home"]:
        return (
            "away",
            f"it shares {most['away']} values with a member that leaves, {most['home']} with one that stays",
        )
    return (
        "home",
        f"it shares {most['home']} values with a member that stays, {most['away']} with one that leaves",
    )


def _children(parting: Parting) -> Iterator[Offer]:
    """Return references of other records to `home` that people pinned, or that came, while the two were one."""
    spec = entity(parting.entity)
    for name, ids in sorted(referrers_of(spec, [parting.home]).items()):
        other = entities.get(name)
        attributes = [a.name for a in other.references() if a.references == spec.name and not a.derived]
        pins = {
            (pin.record_id, pin.attribute): pin
            for pin in Pin.objects.filter(record__in=ids, attribute__in=attributes, ended_at__isnull=True)
            if pin.value in (str(parting.home), str(parting.away))
        }
        headers = GoldenRecord.objects.filter(pk__in=ids).order_by("created_at", "pk")
        new = {h.pk for h in headers.filter(created_at__gt=parting.since)[:MOST]} if parting.since else set()
        told = _told_targets(list({*new, *(record for record, _ in pins)}), attributes, spec.name)
        shown = {h.pk: h for h in headers.filter(pk__in={*new, *(record for record, _ in pins)})}
        model = typed_model(other)
        for row in model._default_manager.filter(record__in=shown).order_by(
            "record__created_at", "record_id"
        )[:MOST]:
            for attribute in attributes:
                if str(getattr(row, f"{attribute}_id")) == str(parting.home):
                    pin = pins.get((row.record_id, attribute))
                    if pin and parting.merge_id and pin.pk < parting.merge_id:
                        continue
                    if pin or row.record_id in new:
                        yield _child(parting, shown[row.record_id], attribute, pin, told)


def _child(
    parting: Parting,
    header: GoldenRecord,
    attribute: str,
    pin: Pin | None,
    told: Mapping[tuple[UUID, str], set[UUID]],
) -> Offer:
    targets = told.get((header.pk, attribute), set())
    leaves = bool(targets & set(parting.leaving))
    stays = bool(targets & set(parting.staying))
    side: Side = "away" if leaves and not stays else "home"
    if leaves != stays:
        why = f"its sources name a member that {'leaves' if leaves else 'stays'}"
    else:
        why = "its sources name members of both" if leaves else "it was set by hand on this record"
    return Offer(
        kind="child",
        key=f"{header.pk}:{attribute}",
        attribute=attribute,
        value=str(parting.home),
        side=side,
        why=why,
        by=pin.pinned_by if pin else "",
        at=pin.pinned_at if pin else header.created_at,
        reason=pin.reason if pin else "",
        record_id=header.pk,
        by_hand=pin is not None,
        options=("home", "away"),
    )


def _told_targets(
    records: Sequence[UUID], attributes: Sequence[str], entity_name: str
) -> dict[tuple[UUID, str], set[UUID]]:
    """Return which source records the sources of these golden records name, by (record, attribute)."""
    found: dict[tuple[UUID, str], set[UUID]] = {}
    with raw_cursor() as cursor:
        cursor.execute(
            "SELECT c.record_id, r.path, t.id FROM sources_crosswalk c"
            " JOIN sources_reference r ON r.source_record_id = c.source_record_id"
            " JOIN sources_sourcerecord t ON t.system_id = r.target_system AND t.entity = r.target_entity"
            " AND t.key = r.target_key WHERE c.record_id = ANY(%s) AND r.path = ANY(%s) AND r.target_entity = %s",
            (list(records), list(attributes), entity_name),
        )
        for record, path, target in cursor:
            found.setdefault((record, path), set()).add(target)
    return found
