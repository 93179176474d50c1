"""One piece of a simulation: some golden records planned, routed and added up; any process may do it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

from apps.core.collecting import collector_held
from apps.core.json import dumps
from apps.golden.registry import entities, entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.contracts import Assumed, Change, Move, Plan, Redirect
from apps.mastering.engine.ownership import Ownership
from apps.mastering.engine.survivorship import COMPUTED
from apps.mastering.engine.trust import Survivorship
from apps.mastering.services import followers_of, plan_records
from apps.pipeline.simulating.tally import Outcome, Tally, Values, how_of, merge_wanted
from apps.pipeline.simulating.worth import amounts_of
from apps.stewardship.contracts import Policy
from apps.stewardship.selectors import preview_route

CHUNK = 1_000
"""Golden records planned at a time: what bounds memory."""
SHOWN = 20
"""Values of one record that are kept as examples."""
PERSONAL = "(personal)"


@dataclass(frozen=True)
class Rules:
    """Rules that are tried in place of the active ones."""

    ownership: Ownership | None = None
    survivorship: Survivorship | None = None


@dataclass(frozen=True)
class Setting:
    """What all pieces of a simulation share: rules, policy, and where source keys would live."""

    rules: Rules
    policy: Policy
    now: datetime
    homes: Mapping[tuple[str, str, str], UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """Golden records to plan. `marks` are those of records that were planned before: the same again is no news."""

    entity: str
    ids: tuple[UUID, ...]
    moves: tuple[Move, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    remembered: Mapping[UUID, Document] = field(default_factory=dict)
    followed: Mapping[UUID, Document] = field(default_factory=dict)
    marks: Mapping[UUID, bytes] = field(default_factory=dict)


def work_on(setting: Setting, job: Job) -> Tally:
    """Plan the records of a job; reads only."""
    spec = entity(job.entity)
    with collector_held():
        plan = plan_records(
            spec=spec,
            record_ids=job.ids,
            moves=job.moves,
            redirects=job.redirects,
            remembered=job.remembered,
            ownership=setting.rules.ownership,
            survivorship=setting.rules.survivorship,
            assumed=Assumed(setting.homes, job.followed),
            now=setting.now,
            lock=False,
        )
        return _tally(spec, plan, setting.policy, job.marks)


def _tally(spec: EntitySpec, plan: Plan, policy: Policy, before: Mapping[UUID, bytes]) -> Tally:
    found = Tally()
    marks = {change.record_id: _mark(change) for change in plan.changes}
    known = {record for record, mark in marks.items() if before.get(record) == mark}
    found.marks = {record: mark for record, mark in marks.items() if record not in known}
    routed = preview_route(plan.altered(lambda each: [c for c in each if c.record_id not in known]), policy)
    applied = [change for change in routed.plan.changes if change.kind != "unchanged"]
    held: dict[UUID, int] = {}
    for part in routed.held:
        held[part.record_id] = held.get(part.record_id, 0) + 1
    amounts = amounts_of(spec, (change.record_id for change in applied if change.is_news))
    for change in applied:
        record = change.record_id
        values = how_of(change) if change.kind == "updated" else ()
        outcome = Outcome(spec.name, change.kind, values, held.pop(record, 0), tuple(amounts.get(record, ())))
        found.outcomes[record] = outcome
        if values:
            found.examples[record] = Values(outcome.worth, tuple(_shown(spec, change)))
    found.outcomes |= {record: Outcome(spec.name, "unchanged", held=count) for record, count in held.items()}
    found.followed = _followed(spec, applied)
    merge_wanted(found.wanted, followers_of(spec, applied).items())
    return found


def _mark(change: Change) -> bytes:
    return blake2b(dumps([change.kind, change.after]), digest_size=8).digest()


def _shown(spec: EntitySpec, change: Change) -> Iterable[tuple[str, Any, Any]]:
    """Yield values before and after; personal ones without what they say."""
    for name in change.changed[:SHOWN]:
        before, after = change.before.get(name), change.after.get(name)
        if is_personal(spec, name):
            before, after = (PERSONAL if value is not None else None for value in (before, after))
        yield name, before, after


def is_personal(spec: EntitySpec, name: str) -> bool:
    """Tell whether an attribute, or a column of a collection, is personal."""
    for attribute in spec.attributes:
        if attribute.name == name:
            return attribute.personal
    return any(c.personal for each in spec.collections if each.name == name for c in each.columns)


def _followed(spec: EntitySpec, applied: Sequence[Change]) -> dict[UUID, Document]:
    names = followed_names(spec)
    return {
        change.record_id: {name: change.after.get(name) for name in names}
        for change in applied
        if names.intersection(change.changed)
    }


def followed_names(spec: EntitySpec) -> frozenset[str]:
    """Return the attributes of an entity that attributes of others follow."""
    found = set()
    for other in entities.values():
        for attribute in other.attributes:
            if attribute.derived and attribute.derived != COMPUTED:
                reference, _, followed = attribute.derived.partition(".")
                if other.attribute(reference).references == spec.name:
                    found.add(followed)
    return frozenset(found)
