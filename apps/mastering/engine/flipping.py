"""What would let a losing value win: small changes of rules, trust or data, each of which can be tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from apps.golden.spec import EntitySpec
from apps.mastering.engine.ownership import ANY, OwnedGroup, Ownership
from apps.mastering.engine.strategies import Claim, Contender, strategies
from apps.mastering.engine.survivorship import Lines, PinnedValue
from apps.mastering.engine.trust import FULL, Survivorship, Trust, claim_of

PIN = "pin"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a golden record is a function of."""

    spec: EntitySpec
    contenders: Sequence[Contender]
    ownership: Ownership
    pins: Mapping[str, PinnedValue]
    survivorship: Survivorship

    def with_contender(self, source: str, **changes: Any) -> "Inputs":
        changed = [replace(c, **changes) if c.id == source else c for c in self.contenders]
        return replace(self, contenders=changed)


class Named(Protocol):
    """What is explained, as far as a step must know it."""

    def legal_entity(self, contenders: Sequence[Contender]) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `kind`: end_pin, own (name `system` first owner), trust (`system` gets `value` points), mend (the
    value has no quality issue), send (the record is told anew, later than `value` seconds since the epoch), tell
    (the record tells `value` attributes).
    """

    kind: str
    attribute: str
    group: str
    source: str = ""
    system: str = ""
    value: float = 0.0
    state: str = ""
    legal_entity: str = ANY

    def taken(self, now: Inputs) -> Inputs:
        """Return the inputs after this change."""
        if self.kind == "end_pin":
            return replace(now, pins={n: pin for n, pin in now.pins.items() if n != self.attribute})
        if self.kind == "own":
            return replace(now, ownership=_owning(now, self))
        if self.kind == "trust":
            known = now.survivorship.of(now.spec, self.group).trust
            trust = {**known, self.system: Trust(self.value)}
            return replace(now, survivorship=now.survivorship.replaced(now.spec, self.group, trust=trust))
        if self.kind == "mend":
            return now.with_contender(self.source, faults=None)
        if self.kind == "send":
            return now.with_contender(self.source, recency=self.value)
        contender = next(each for each in now.contenders if each.id == self.source)
        missing = int(self.value) - contender.completeness
        told = {f"(further attribute {number + 1})": True for number in range(missing)}
        return now.with_contender(self.source, values={**contender.values, **told})


def _owning(now: Inputs, step: Step) -> Ownership:
    old = now.ownership.of(now.spec.name, step.group, step.state, step.legal_entity)
    owners = (step.system, *(owner for owner in old.owners if owner != step.system))
    return now.ownership.replaced(
        now.spec.name,
        step.group,
        step.state or ANY,
        step.legal_entity,
        OwnedGroup(owners, old.others, old.verdicts),
    )


def step_towards(
    now: Inputs, lines: Lines, attribute: str, source: str, rival: Claim | None, subject: Named
) -> Step | None:
    """Return the change that removes what a member's value loses by first; None: there is none."""
    spec, group = now.spec, now.spec.group_of(attribute)
    if attribute in now.pins:
        return Step("end_pin", attribute, group)
    contender = next(each for each in now.contenders if each.id == source)
    told = subject.legal_entity(now.contenders)
    owned = lines.owned(group, told)
    standing = owned.standing(contender.system, contender.role)
    state = "" if group == spec.status_group else lines.state
    legal_entity = (
        ANY if group in (spec.status_group, spec.legal_entity_group) else told or lines.legal_entity
    )
    own = Step("own", attribute, group, source, contender.system, state=state, legal_entity=legal_entity)
    if not standing.admitted:
        return own
    if rival is None:
        return None
    ranking = now.survivorship.of(spec, group)
    names = (
        spec.attributes_of(group)
        if ranking.whole and attribute in spec.attributes_of(group)
        else (attribute,)
    )
    claim = claim_of(contender, standing, names, ranking, now.survivorship.moment)
    decided = next((n for n in ranking.strategies if _order(n, claim) != _order(n, rival)), "stable")
    if decided == "owner":
        return own
    if decided == "trust":
        return _trusted_more(now, claim, rival, own)
    if "recency" in ranking.strategies and decided != "recency":
        before = ranking.strategies.index("recency")
        decided = "recency" if before < ranking.strategies.index(decided) else decided
    if decided == "recency":
        newest = max(now.survivorship.moment, *(each.recency for each in now.contenders))
        return replace(own, kind="send", system="", value=newest + 1)
    if decided == "completeness":
        return replace(own, kind="tell", system="", value=rival.contender.completeness + 1)
    return None


def _order(name: str, claim: Claim) -> Any:
    return strategies.get(name).order(claim)


def _trusted_more(now: Inputs, claim: Claim, rival: Claim, own: Step) -> Step | None:
    contender = claim.contender
    if contender.faults:
        return replace(own, kind="mend", system="")
    if contender.system == rival.contender.system:  # only age is left to tell them apart
        newest = max(now.survivorship.moment, *(each.recency for each in now.contenders))
        return replace(own, kind="send", system="", value=newest + 1) if contender.recency < newest else None
    if rival.trust < FULL:
        return replace(own, kind="trust", value=min(FULL, rival.trust + 1))
    if claim.trust > 0:
        return replace(own, kind="trust", system=rival.contender.system, value=claim.trust / 2)
    return None
