"""The ownership matrix as the engine reads it: who owns an attribute group, and what others' writes are worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """What becomes of a write of an attribute."""

    ACCEPT = "accept"  # wins where no owner before it has a value
    SHADOW = "shadow"  # kept as evidence, never wins
    CHALLENGE = "challenge"  # kept, never wins by itself; the owner is asked
    REJECT = "reject"  # never wins, and the writer is told


ANY = "*"
STEWARD = "steward"
"""An owner and a writer that is no system: values that people give."""

NOT_OWNED = 1000
"""Rank of a writer that no rule names as an owner."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one writer's values of one group are worth: its rank among the owners (0: first) and the verdict."""

    rank: int
    verdict: Verdict
    why: str

    @property
    def admitted(self) -> bool:
        return self.verdict is Verdict.ACCEPT


@dataclass(frozen=True, slots=True)
class OwnedGroup:
    """One rule: owners best first, each a system code, a role or STEWARD; a verdict on each other writer.

    `verdicts` names writers that are judged differently from `others`. `rule` is how people call this rule.
    """

    owners: tuple[str, ...]
    others: Verdict = Verdict.ACCEPT
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    rule: str = "no rule: everybody"
    _known: dict[tuple[str, str], Standing] = field(default_factory=dict, compare=False, repr=False)

    def standing(self, system: str, role: str) -> Standing:
        """Return what a system's values are worth. A code beats its role."""
        found = self._known.get((system, role))
        if found is None:
            found = self._known[system, role] = self._judge(system, role)
        return found

    def _judge(self, system: str, role: str) -> Standing:
        for name in (system, role):
            if name in self.owners:
                rank = self.owners.index(name)
                why = "system of record" if rank == 0 else f"owner {rank + 1} of {len(self.owners)}"
                return Standing(rank, Verdict.ACCEPT, why)
        verdict = self.verdicts.get(system) or self.verdicts.get(role) or self.others
        why = "accepted: no owner has a value" if verdict is Verdict.ACCEPT else f"{verdict.value}: no owner"
        return Standing(NOT_OWNED, verdict, why)

    @property
    def asks(self) -> bool:
        """Tell whether values of some system open a question to the owner."""
        said = (verdict for writer, verdict in self.verdicts.items() if writer != STEWARD)
        return Verdict.CHALLENGE in (self.others, *said)

    @property
    def system_of_record(self) -> str:
        """Return the first owner that is a system or a role; "" where people own the group, or nobody does."""
        return self.owners[0] if self.owners and self.owners[0] != STEWARD else ""

    @property
    def on_people(self) -> Verdict:
        """Return what a person's value is worth: said by the rule, else a question to the system's owner."""
        said = self.verdicts.get(STEWARD)
        if said:
            return said
        return Verdict.CHALLENGE if self.system_of_record else Verdict.ACCEPT


EVERYBODY = OwnedGroup(owners=())


@dataclass(frozen=True, slots=True)
class Cell:
    """A rule and where it holds: state and legal entity or ANY, first and last day or None for ever."""

    entity: str
    group: str
    owned: OwnedGroup
    state: str = ANY
    legal_entity: str = ANY
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def is_dated(self) -> bool:
        return self.valid_from is not None or self.valid_to is not None

    def holds_on(self, day: date) -> bool:
        return (self.valid_from or day) <= day <= (self.valid_to or day)


class Ownership:
    """One version of the matrix on one day.

    The most specific rule wins: one for the legal entity before one for any, then one for the state before one
    for any, then one for a period before one for ever. Two rules of one place never hold on the same day.
    """

    def __init__(self, version: int, cells: Iterable[Cell], *, on: date = date.max) -> None:
        self.version = version
        self.on = on
        self.asks = False  # whether any rule lets systems challenge an owner
        self._rules: dict[tuple[str, str, str, str], OwnedGroup] = {}
        self._found: dict[tuple[str, str, str, str], OwnedGroup] = {}
        self.standings: dict[
            tuple[str, str, str, str, str], dict[str, Standing]
        ] = {}  # worked out by `Lines`
        for cell in sorted(cells, key=lambda each: each.is_dated):
            if cell.holds_on(on):
                self._rules[cell.entity, cell.group, cell.legal_entity, cell.state] = cell.owned
                self.asks = self.asks or cell.owned.asks

    def of(self, entity: str, group: str, state: str, legal_entity: str = ANY) -> OwnedGroup:
        """Return the rule that holds for a group in a state and a legal entity; EVERYBODY where none does."""
        place = (entity, group, legal_entity, state)
        found = self._found.get(place)
        if found is None:
            tried = ((le, s) for le in (legal_entity, ANY) for s in (state, ANY))
            rules = (self._rules.get((entity, group, le, s)) for le, s in tried)
            found = self._found[place] = next(filter(None, rules), EVERYBODY)
        return found

    def replaced(
        self, entity: str, group: str, state: str, legal_entity: str, owned: OwnedGroup
    ) -> "Ownership":
        """Return the same matrix with another rule for exactly this place."""
        other = Ownership(self.version, (), on=self.on)
        other.asks = self.asks or owned.asks
        other._rules = {**self._rules, (entity, group, legal_entity, state): owned}
        return other


NO_OWNERSHIP = Ownership(0, ())
