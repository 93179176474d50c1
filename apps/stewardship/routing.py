"""Split a plan into what is applied at once and what waits for an approver; pure."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

from apps.golden.spec import EntitySpec
from apps.mastering.contracts import Change, Held, Plan
from apps.stewardship.contracts import HeldChange, Policy, Routed

USUAL_HOURS = 24
"""Hours until a request is overdue for which no policy says so."""

Approved = Set[tuple[UUID, str]]
"""(record, attribute or collection) pairs that a person let through."""

Standing = Mapping[tuple[UUID, str], Sequence[Mapping[str, Any]]]
"""By record and group: changes that an approver is asked about, or said no to."""


def split_plan(
    spec: EntitySpec,
    plan: Plan,
    policy: Policy,
    *,
    approved: Approved,
    owners: Mapping[tuple[UUID, str], str] | None = None,
    standing: Standing | None = None,
) -> Routed:
    """Return the plan without what the policy holds back, and the held parts.

    Only what alters or removes an approved value is held: a value where there was none, and a further item of a
    collection, come in freely. New and retired records are never held; one that comes back is held to what it was.
    `owners` names, by record and group, whose data owner must agree whatever the policy says; `standing` gives, by
    record and group, what an approver is asked or said no to last: those very changes are held whatever state the
    record has come to meanwhile. A reference that is left out for leading back to its start is never held: nobody could
    approve that it stands.
    """
    changes, held = [], []
    free = approved | {(each.record_id, each.attribute) for each in plan.refused}
    for change in plan.changes:
        parts: list[HeldChange] = []
        if change.kind in ("updated", "revived"):
            parts = list(_held_parts(spec, change, policy, free, owners or {}, standing or {}))
        held += parts
        names = {name for part in parts for name in part.after}
        changes.append(_without(spec, change, names) if parts else change)
    return Routed(plan=replace(plan, changes=tuple(changes)), held=tuple(held))


def settle(spec: EntitySpec, plan: Plan, split: Callable[[Plan], Routed]) -> tuple[Plan, Routed]:
    """Return the plan, made anew until it reckons with what held references stay at, and how it splits.

    What is told and waits for an approver stands nowhere yet, and may never: it is in nobody's way, and nobody may lead
    back over what stands meanwhile.
    """
    routed = split(plan)
    while (held := _held_references(spec, plan, routed.held)) != plan.held and plan.again:
        plan = plan.again(held)
        routed = split(plan)
    return plan, routed


def _held_references(spec: EntitySpec, plan: Plan, parts: Sequence[HeldChange]) -> Held:
    """Return what held references stay at, if any other reference of the plan may depend on it."""
    names = _tree_names(spec) if parts else frozenset()
    held = dict(plan.held)
    for part in parts:
        if stays := {name: value for name, value in part.before.items() if name in names}:
            held[part.record_id] = stays | held.get(part.record_id, {})
    others = (change for change in plan.changes if change.record_id not in held)
    if plan.refused or any(not names.isdisjoint(change.changed) for change in others):
        return held
    return plan.held


def _tree_names(spec: EntitySpec) -> frozenset[str]:
    """Return the attributes and collections by which records of an entity stand above one another."""
    names = {each.name for each in spec.references() if each.references == spec.name}
    names |= {c.name for c, column in spec.item_references() if column.references == spec.name}
    return frozenset({*names, spec.trees.kind_attribute} - {""} if spec.trees else names)


def _held_parts(
    spec: EntitySpec,
    change: Change,
    policy: Policy,
    approved: Approved,
    owners: Mapping[tuple[UUID, str], str],
    standing: Standing,
) -> Iterable[HeldChange]:
    groups: dict[str, list[str]] = {}
    for name in change.changed:
        if (change.record_id, name) not in approved:
            groups.setdefault(spec.group_of(name), []).append(name)
    for group, names in groups.items():
        states, due_hours = policy.rules.get((spec.name, group), (None, USUAL_HOURS))
        owner = owners.get((change.record_id, group))
        after = {name: change.after.get(name) for name in names}
        stands = after in standing.get((change.record_id, group), ())
        holds = states is not None and (not states or change.before.get("status") in states)
        altered = any(alters(spec, name, change.before.get(name), change.after.get(name)) for name in names)
        if owner is not None or stands or (holds and altered):
            yield HeldChange(
                record_id=change.record_id,
                group=group,
                before={name: change.before.get(name) for name in names},
                after=after,
                provenance=provenance_of(change.provenance, names),
                due_hours=due_hours,
                owner=owner or "",
            )


def proposed_part(spec: EntitySpec, part: HeldChange, pins: Container[str]) -> tuple[HeldChange | None, ...]:
    """Return what a person proposes in a held part, with what is computed from it, and what sources brought."""
    computed = {each.name for each in spec.attributes if each.derived == "computed"}
    proposed = [name for name in part.after if name in pins]
    if not proposed:
        return None, part
    proposed += [name for name in part.after if name in computed]
    brought = [name for name in part.after if name not in proposed]
    return _of_names(part, proposed), _of_names(part, brought) if brought else None


def _of_names(part: HeldChange, names: Sequence[str]) -> HeldChange:
    return replace(
        part,
        before={name: part.before[name] for name in names},
        after={name: part.after[name] for name in names},
        provenance=provenance_of(part.provenance, names),
    )


def alters(spec: EntitySpec, name: str, before: Any, after: Any) -> bool:
    """Tell whether a value that is there is changed or taken away."""
    if before is None:
        return False
    if not isinstance(before, list):
        return bool(before != after)
    collection = spec.collection(name)
    items = {collection.identity_of(item): item for item in after or ()}
    return any(items.get(collection.identity_of(item)) != item for item in before)


def provenance_of(provenance: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the entries of these attributes and of the items of these collections."""
    wanted = set(names)
    return {path: origin for path, origin in provenance.items() if path.partition(":")[0] in wanted}


def _without(spec: EntitySpec, change: Change, names: Set[str]) -> Change:
    """Return the change with these attributes and collections as they were."""
    after, provenance = dict(change.after), dict(change.provenance)
    for path in provenance_of(provenance, names):
        del provenance[path]
    provenance |= provenance_of(change.provenance_before, names)
    for name in names:
        after.pop(name, None)
        if name in change.before:
            after[name] = change.before[name]
    if spec.derive:
        after = spec.derive(after)
    kind = change.kind
    if after == change.before and kind == "updated":
        kind = "unchanged" if provenance == change.provenance_before else "requalified"
    return replace(change, after=after, provenance=provenance, kind=kind)
