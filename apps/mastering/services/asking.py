"""What has to be asked: challenges of owners by other systems, and values of people for what a system owns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.golden.registry import entity
from apps.golden.spec import Document, EntitySpec
from apps.mastering.changes import in_stored_form
from apps.mastering.contracts import Change, Plan
from apps.mastering.engine.ownership import STEWARD, OwnedGroup, Verdict
from apps.mastering.engine.strategies import Contender
from apps.mastering.engine.survivorship import Lines
from apps.mastering.services.verdicts import differs, parts_of


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a system says of a group that it does not own; `before` and `after` hold only what differs."""

    record_id: UUID
    group: str
    owner: str
    before: Document
    after: Document
    system: str
    key: str
    source: str
    rule: str


def challenges_of(plan: Plan) -> list[Challenge]:
    """Return what the owners of a planned record's groups have to be asked: the newest word of each group."""
    spec = entity(plan.entity)
    found: list[Challenge] = []
    changes = {change.record_id: change for change in plan.changes}
    for record_id, lines in plan.lines:
        if not lines.ownership.asks:
            continue
        newest = sorted(lines.contenders, key=lambda each: (-each.recency, each.system, each.key))
        asked: dict[str, Challenge] = {}
        for contender in newest:
            for each in _challenges(spec, lines, changes[record_id], contender):
                asked.setdefault(each.group, each)
        found += asked.values()
    return found


def _challenges(spec: EntitySpec, lines: Lines, change: Change, contender: Contender) -> list[Challenge]:
    found = []
    for place, values in parts_of(spec, contender.values).items():
        group, _, legal_entity = place.partition("@")
        owned = lines.owned(group, legal_entity or None)
        if owned.standing(contender.system, contender.role).verdict is not Verdict.CHALLENGE:
            continue
        stored = in_stored_form(spec, values)
        other = [name for name, value in stored.items() if differs(spec, name, value, change.after.get(name))]
        if other:
            found.append(
                Challenge(
                    record_id=change.record_id,
                    group=group,
                    owner=owned.system_of_record,
                    before={name: change.after.get(name) for name in other},
                    after={name: _with_golden(spec, name, stored[name], change) for name in other},
                    system=contender.system,
                    key=contender.key,
                    source=contender.id,
                    rule=f"{owned.rule} v{lines.ownership.version}",
                )
            )
    return found


def _with_golden(spec: EntitySpec, name: str, said: Any, change: Change) -> Any:
    """Return a challenger's value as the golden record would hold it: its items besides the others."""
    if not isinstance(said, list):
        return said
    identity_of = spec.collection(name).identity_of
    items = {identity_of(item): item for item in (*(change.after.get(name) or ()), *said)}
    return [items[identity] for identity in sorted(items)]


@dataclass(frozen=True, slots=True)
class PersonalVerdict:
    """What a person's values of one group are worth; `owner` is the system or role that is overruled by them."""

    group: str
    verdict: Verdict
    rule: str
    owner: str


def judge_values(plan: Plan, values: Mapping[str, Any]) -> list[PersonalVerdict]:
    """Return the verdicts on a person's values, by the plan in which they were tried on one record.

    Where the rule says nothing of people, a value is a question to the owner only if it overrules what the system of
    record says; where that system says nothing, it comes in like anybody's.
    """
    spec = entity(plan.entity)
    lines = plan.lines[0][1]  # the record's own come first
    groups: dict[str, list[str]] = {}
    for name in values:
        groups.setdefault(spec.group_of(name), []).append(name)
    return [_personal(spec, lines, group, names, values) for group, names in groups.items()]


def _personal(
    spec: EntitySpec, lines: Lines, group: str, names: Sequence[str], values: Mapping[str, Any]
) -> PersonalVerdict:
    owned = lines.owned(group)
    verdict = owned.on_people
    if verdict is Verdict.CHALLENGE and STEWARD not in owned.verdicts:
        overruled = any(_overrules(lines, owned, name, values[name]) for name in names)
        verdict = Verdict.CHALLENGE if overruled else Verdict.ACCEPT
    return PersonalVerdict(group, verdict, owned.rule, owned.system_of_record)


def _overrules(lines: Lines, owned: OwnedGroup, name: str, value: Any) -> bool:
    said = (
        each.values.get(name) for each in lines.contenders if owned.standing(each.system, each.role).rank == 0
    )
    return any(told not in (None, []) and told != value for told in said)
