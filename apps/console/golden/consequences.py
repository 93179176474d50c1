"""What a rehearsed merge or unmerge brings along: records that follow, change requests, deliveries per target."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.console.values import Named, names_of
from apps.distribution.rehearsing import PlannedTarget, deliveries_following
from apps.golden.registry import entities
from apps.outbox.models import OutboxEvent
from apps.stewardship.models import ChangeRequest

SHOWN = 8
"""Records named of each entity; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Following:
    """Records of one entity that change along."""

    plural: str
    count: int
    records: list[Named]


@dataclass(frozen=True, slots=True)
class TouchedRequest:
    """A change request that is opened, closed or carried to another record."""

    group: str
    what: str
    record: Named | None


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One delivery with the name of its record."""

    record: Named | None
    operation: str
    note: str
    fields: tuple[tuple[str, object, object], ...]


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """Deliveries to one target, counted by what they do, and one by one."""

    label: str
    counts: list[tuple[str, int]]
    lines: list[TargetLine]
    more: int


@dataclass(frozen=True, slots=True)
class Consequences:
    following: list[Following]
    requests: list[TouchedRequest]
    targets: list[TargetPlan]


def consequences_of(correlation_id: UUID, own: Iterable[UUID], *, clear: bool) -> Consequences:
    """Read, inside the rehearsal, what it wrote; `own` are the records it is about."""
    mine = set(own)
    events = OutboxEvent.objects.filter(correlation_id=correlation_id).order_by("entity", "record_id", "seq")
    changed = dict.fromkeys(events.values_list("entity", "record_id"))
    targets = deliveries_following(record_ids=[record for _, record in changed])
    touched = list(
        ChangeRequest.history.filter(correlation_id=correlation_id)
        .order_by("history_id")
        .values_list("record_id", "group", "status", "history_type")
    )
    ids = {record for _, record in changed} | {record for record, *_ in touched}
    ids |= {each.record_id for target in targets for each in target.deliveries}
    names = names_of(ids, clear=clear)
    return Consequences(
        following=_following([(name, record) for name, record in changed if record not in mine], names),
        requests=[
            TouchedRequest(group, _what(status, kind), names.get(str(record)))
            for record, group, status, kind in touched
        ],
        targets=[_target(target, names) for target in targets],
    )


def _following(changed: list[tuple[str, UUID]], names: dict[str, Named]) -> list[Following]:
    found: dict[str, list[UUID]] = {}
    for name, record in changed:
        found.setdefault(name, []).append(record)
    return [
        Following(
            entities.get(name).plural,
            len(ids),
            [names[str(each)] for each in ids[:SHOWN] if str(each) in names],
        )
        for name, ids in found.items()
    ]


def _what(status: str, kind: str) -> str:
    if kind == "+":
        return "is opened"
    return "goes along" if status == "pending" else f"becomes {status}"


def _target(target: PlannedTarget, names: dict[str, Named]) -> TargetPlan:
    counts = Counter(each.operation for each in target.deliveries)
    lines = [
        TargetLine(names.get(str(each.record_id)), each.operation, each.note, each.fields)
        for each in target.deliveries
    ]
    return TargetPlan(target.label, counts.most_common(), lines, target.more)
