"""Why a value is what it is, as data: winner, losers, what each lost by, and what would let a loser win."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.golden.spec import Collection, Document, EntitySpec
from apps.mastering.engine.flipping import PIN, Inputs, Step, step_towards
from apps.mastering.engine.ownership import NOT_OWNED
from apps.mastering.engine.strategies import Claim, Contender, strategies
from apps.mastering.engine.survivorship import Lines, PinnedValue, lines_of
from apps.mastering.engine.trust import claim_of

ECHO = "echo"

MOST_FLIPS = 12
"""Candidates of one value, the first in line first, for which a flip is looked for."""

MOST_STEPS = 6
"""Changes a flip may take; more of them is another set of rules, not a flip."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member's value of an attribute, or its item, with everything that decided about it.

    `lost` says why it did not win, "" for the winner; `flip` what would let it win, empty where it has won or
    nothing short of other rules would.
    """

    source: str
    system: str
    key: str
    value: Any
    wins: bool
    verdict: str
    why: str
    rank: int | None
    trust: float
    recency: float
    completeness: int
    lost: str = ""
    lost_by: str = ""
    flip: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an attribute, or one item ("collection:identity"), is what it is; candidates in the order of their line."""

    path: str
    group: str
    state: str
    legal_entity: str
    rule: str
    owners: tuple[str, ...]
    ownership_version: int
    survivorship_version: int
    strategies: tuple[str, ...]
    whole: bool
    pin: PinnedValue | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is explained: an attribute, or one item of a collection."""

    name: str
    collection: Collection | None = None
    identity: str = ""

    @property
    def path(self) -> str:
        return f"{self.name}:{self.identity}" if self.collection else self.name

    def value_of(self, contender: Contender) -> Any:
        said = contender.values.get(self.name)
        if self.collection is None or said is None:
            return said
        return next((item for item in said if self.collection.identity_of(item) == self.identity), None)

    def legal_entity(self, contenders: Sequence[Contender]) -> str | None:
        """Return the legal entity by whose rules an item is judged; None: by the record's."""
        if self.collection is None or not self.collection.legal_entity:
            return None
        items = (self.value_of(each) for each in contenders)
        return next((str(item.get(self.collection.legal_entity) or "*") for item in items if item), None)


def subjects_of(spec: EntitySpec, document: Document, contenders: Sequence[Contender]) -> Iterator[Subject]:
    """Yield everything of a record that has a value or about which a member says something."""
    for attribute in spec.attributes:
        told = any(each.values.get(attribute.name) is not None for each in contenders)
        if not attribute.derived and (told or document.get(attribute.name) is not None):
            yield Subject(attribute.name)
    for collection in spec.collections:
        told_items = [item for each in contenders for item in each.values.get(collection.name) or ()]
        items = [*(document.get(collection.name) or ()), *told_items]
        for identity in sorted({collection.identity_of(item) for item in items}):
            yield Subject(collection.name, collection, identity)


def explain(inputs: Inputs, subject: Subject) -> Explanation:
    """Explain one value of a cluster."""
    lines = lines_of(inputs.spec, inputs.contenders, inputs.ownership, inputs.pins, inputs.survivorship)
    spec, group = inputs.spec, inputs.spec.group_of(subject.name)
    ranking = inputs.survivorship.of(spec, group)
    legal_entity = subject.legal_entity(inputs.contenders)
    owned = lines.owned(group, legal_entity)
    pin = inputs.pins.get(subject.name)
    winner = winner_of(lines, subject)
    names = spec.attributes_of(group) if ranking.whole and not subject.collection else (subject.name,)
    line = [claim.contender.id for claim in lines.of(group, names, legal_entity)]
    listed = []
    for each in inputs.contenders:
        if subject.value_of(each) is None and (winner is None or winner.contender.id != each.id):
            continue
        standing = owned.standing(each.system, each.role)
        claim = claim_of(each, standing, names, ranking, lines.survivorship.moment)
        listed.append(_candidate(inputs, subject, claim, None if pin else winner, pinned=pin is not None))
    listed.sort(key=lambda c: (line.index(c.source) if c.source in line else len(line), c.system, c.key))
    flips = [
        () if c.wins or c.lost_by == ECHO else flip_of(inputs, subject, c.source) for c in listed[:MOST_FLIPS]
    ]
    listed[:MOST_FLIPS] = [replace(c, flip=flip) for c, flip in zip(listed, flips, strict=False)]
    return Explanation(
        path=subject.path,
        group=group,
        state=lines.state,
        legal_entity=legal_entity or lines.legal_entity,
        rule=owned.rule,
        owners=owned.owners,
        ownership_version=inputs.ownership.version,
        survivorship_version=inputs.survivorship.version,
        strategies=ranking.strategies,
        whole=ranking.whole,
        pin=pin,
        candidates=tuple(listed),
    )


def winner_of(lines: Lines, subject: Subject) -> Claim | None:
    """Return whose value survives by the rules, pins left aside."""
    if subject.collection is None:
        return lines.attribute(lines.spec.attribute(subject.name))
    found = lines.items(subject.collection).get(subject.identity)
    return found[1] if found else None


def _candidate(
    inputs: Inputs, subject: Subject, claim: Claim, winner: Claim | None, *, pinned: bool
) -> Candidate:
    contender, standing = claim.contender, claim.standing
    wins = winner is not None and winner.contender.id == contender.id
    by, lost = ("", "") if wins else lost_by(inputs, subject, claim, winner, pinned=pinned)
    return Candidate(
        source=contender.id,
        system=contender.system,
        key=contender.key,
        value=subject.value_of(contender),
        wins=wins,
        verdict=standing.verdict.value,
        why=standing.why,
        rank=None if standing.rank == NOT_OWNED else standing.rank + 1,
        trust=claim.trust,
        recency=contender.recency,
        completeness=contender.completeness,
        lost=lost,
        lost_by=by,
    )


def lost_by(
    inputs: Inputs, subject: Subject, claim: Claim, winner: Claim | None, *, pinned: bool
) -> tuple[str, str]:
    """Return by what a claim lost, and the words for it."""
    if not claim.standing.admitted:
        return "verdict", f"{claim.standing.verdict.value}: the rule keeps it from winning"
    if pinned:
        return PIN, "a person's value is pinned"
    if winner is None:
        return "verdict", "no value may win here"
    if subject.path in claim.contender.echoed:
        return ECHO, "it only repeats what the hub wrote there"
    ranking = inputs.survivorship.of(inputs.spec, inputs.spec.group_of(subject.name))
    for name in ranking.strategies:
        named = strategies.get(name)
        if named.order(claim) != named.order(winner):
            return name, named.lost
    return "stable", strategies.get("stable").lost


def flip_of(inputs: Inputs, subject: Subject, source: str) -> tuple[Step, ...]:
    """Return changes after which this member's value wins, each found by trying it; empty: no few changes do."""
    steps: list[Step] = []
    now = inputs
    for _ in range(MOST_STEPS):
        if wins_with(now, subject, source):
            return tuple(steps)
        lines = lines_of(now.spec, now.contenders, now.ownership, now.pins, now.survivorship)
        step = step_towards(now, lines, subject.name, source, _rival(lines, subject, source), subject)
        if step is None:
            return ()
        steps.append(step)
        now = step.taken(now)
    return tuple(steps) if wins_with(now, subject, source) else ()


def _rival(lines: Lines, subject: Subject, source: str) -> Claim | None:
    winner = winner_of(lines, subject)
    return None if winner is None or winner.contender.id == source else winner


def wins_with(inputs: Inputs, subject: Subject, source: str) -> bool:
    """Tell whether a member's value is the golden one under these inputs."""
    if subject.name in inputs.pins:
        return False
    lines = lines_of(inputs.spec, inputs.contenders, inputs.ownership, inputs.pins, inputs.survivorship)
    winner = winner_of(lines, subject)
    return winner is not None and winner.contender.id == source
