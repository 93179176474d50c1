"""Why the values of a golden record are what they are, and what became of everything that was written to it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.core.errors import NotFound
from apps.golden.documents import load_documents
from apps.golden.models import GoldenRecord
from apps.golden.registry import entity
from apps.mastering.contending import contenders_of, golden_values
from apps.mastering.engine.explaining import (
    Candidate,
    Explanation,
    Subject,
    explain,
    lost_by,
    subjects_of,
    winner_of,
)
from apps.mastering.engine.flipping import Inputs, Step
from apps.mastering.engine.strategies import Contender, strategies
from apps.mastering.engine.survivorship import Lines, lines_of
from apps.mastering.engine.trust import claim_of
from apps.mastering.models import WriteVerdict
from apps.mastering.selectors import active_ownership, active_survivorship
from apps.mastering.services.pinned import pins_of

__all__ = [
    "STRATEGY_TITLES",
    "Candidate",
    "Explanation",
    "Step",
    "Write",
    "explain_record",
    "kept_out",
    "words_of",
    "writes_in",
    "writes_of",
]

MOST_WRITES = 200
STRATEGY_TITLES = {name: named.title for name, named in strategies.items()}
"""How people call each survivorship strategy."""


def explain_record(*, record_id: UUID, now: datetime) -> dict[str, Explanation]:
    """Return, by attribute or "collection:identity", why a golden record's values are what they are.

    By the rules, members and pins of now, in a fixed number of statements. Raises NotFound.
    """
    inputs = _inputs(record_id, now)
    document = load_documents(inputs.spec, [record_id]).get(record_id, {})
    subjects = subjects_of(inputs.spec, document, inputs.contenders)
    return {subject.path: explain(inputs, subject) for subject in subjects}


def kept_out(
    *, record_id: UUID, told: Contender, names: Collection[str], now: datetime
) -> dict[str, tuple[str, str]]:
    """Return, by attribute or "collection:identity", who wins over what a member tells, and why.

    `told`: its standardized values; those it has beside them stay. Only `names` are looked at; what wins, or is said
    by the winner as well, is left out. The system is "" where a pin or nobody stands before it. Raises NotFound.
    """
    inputs = _inputs(record_id, now)
    spec = inputs.spec
    others = [each for each in inputs.contenders if each.id != told.id]
    own = replace(told, values=golden_values(spec, told.values))
    for before in inputs.contenders:
        if before.id == told.id:
            stays = before.echoed - {*names}
            beside = {name: value for name, value in before.values.items() if name not in names}
            own = replace(own, values={**beside, **own.values}, faults=before.faults, echoed=stays)
    inputs = replace(inputs, contenders=[*others, own])
    lines = lines_of(spec, inputs.contenders, inputs.ownership, inputs.pins, inputs.survivorship)
    found = {}
    for subject in subjects_of(spec, {}, inputs.contenders):
        value = subject.value_of(own)
        if subject.name not in names or (value is None and subject.collection):
            continue
        if why := _stands_before(inputs, lines, subject, own):
            found[subject.path] = why
    return found


def _inputs(record_id: UUID, now: datetime) -> Inputs:
    header = GoldenRecord.objects.filter(pk=record_id).first()
    if header is None:
        raise NotFound(f"There is no golden record {record_id}.")
    spec = entity(header.entity)
    contenders = contenders_of(spec, [record_id]).get(record_id, [])
    pins = pins_of(spec, [record_id], tried={}, moves=(), redirects=(), now=now).get(record_id, {})
    return Inputs(spec, contenders, active_ownership(), pins, active_survivorship())


def _stands_before(inputs: Inputs, lines: Lines, subject: Subject, own: Contender) -> tuple[str, str] | None:
    spec, value, pin = inputs.spec, subject.value_of(own), inputs.pins.get(subject.name)
    winner = winner_of(lines, subject)
    if pin is not None and pin.value == value:
        return None
    if (
        pin is None
        and winner
        and (winner.contender.id == own.id or subject.value_of(winner.contender) == value)
    ):
        return None
    system = winner.contender.system if winner and pin is None else ""
    if value is None:
        return (system, "it holds nothing there, and that never wins") if winner or pin else None
    group = spec.group_of(subject.name)
    standing = lines.owned(group, subject.legal_entity(inputs.contenders)).standing(own.system, own.role)
    ranking = inputs.survivorship.of(spec, group)
    claim = claim_of(own, standing, (subject.name,), ranking, lines.survivorship.moment)
    return system, lost_by(inputs, subject, claim, winner, pinned=pin is not None)[1]


def words_of(step: Step) -> str:
    """Return a step of a flip for people."""
    place = f" in state {step.state}" if step.state else ""
    place += f" for {step.legal_entity}" if step.legal_entity != "*" else ""
    if step.kind == "send":
        return f"the record is sent again, changed after {datetime.fromtimestamp(step.value, UTC):%d %b %Y}"
    return {
        "end_pin": "the pin is released",
        "own": f"{step.system} is the first owner of {step.group}{place}",
        "trust": f"{step.system} has {step.value:g} points of trust for {step.group}",
        "mend": "its quality issue is mended",
        "tell": f"its record tells {step.value:g} attributes",
    }[step.kind]


@dataclass(frozen=True, slots=True)
class Write:
    """One write of one group: who wrote, what became of it by which rule of which version; `tried` if not accepted.

    `current` tells that it is the writer's last word; `flags` what else was found ("transition").
    """

    record_id: UUID
    entity: str
    group: str
    legal_entity: str
    writer: str
    key: str
    verdict: str
    rule: str
    version: int
    tried: Mapping[str, Any]
    at: datetime
    actor: str
    current: bool
    flags: tuple[str, ...] = ()


def writes_of(*, record_id: UUID, limit: int = MOST_WRITES) -> list[Write]:
    """Return what was written to a golden record, newest first: a write for every group that changed."""
    rows = WriteVerdict.objects.filter(record=record_id).order_by("-at", "-pk")[:limit]
    return [write for row in rows for write in writes_in(row)]


def writes_in(row: WriteVerdict, *, every: bool = False) -> Iterator[Write]:
    """Yield the writes of a stored row by group: those it was written for, or every group the writer speaks of."""
    spec = entity(row.entity)
    for place in sorted(row.groups) if every else row.changed:
        if place not in row.groups:
            continue
        group, _, legal_entity = place.partition("@")
        _, verdict, rule, version = row.groups[place]
        flags = ("transition",) if group == spec.status_group and "flag:transition" in row.outcomes else ()
        tried = {
            name: value
            for name, value in row.tried.items()
            if name in spec.names and spec.group_of(name) == group and verdict != "accept"
        }
        yield Write(
            record_id=row.record_id,
            entity=row.entity,
            group=group,
            legal_entity=legal_entity,
            writer=row.writer,
            key=row.key,
            verdict=verdict,
            rule=rule,
            version=version,
            tried=tried,
            at=row.at,
            actor=row.actor,
            current=row.ended_at is None,
            flags=flags,
        )
