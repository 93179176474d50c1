"""The ownership matrix as the engine reads it: who owns an attribute group, and what others' values are worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a value of a system that does not own the attribute is worth."""

    ACCEPT = "accept"  # wins where no owner has a value
    SHADOW = "shadow"  # kept as evidence, never wins
    REJECT = "reject"  # never wins, and the source is told


ANY = "*"
NOT_OWNED = 1000
"""Rank of a system that no rule names."""


@dataclass(frozen=True, slots=True)
class OwnedGroup:
    """Owners best first, each a system code or a role; `others` is the verdict on everybody else."""

    owners: tuple[str, ...]
    others: Verdict = Verdict.ACCEPT

    def rank(self, system: str, role: str) -> int:
        """Return 0 for the first owner; NOT_OWNED for a system no rule names. A code beats its role."""
        for name in (system, role):
            if name in self.owners:
                return self.owners.index(name)
        return NOT_OWNED

    def label(self, system: str, role: str) -> str:
        """Name the rule by which a system's value wins."""
        rank = self.rank(system, role)
        if rank == NOT_OWNED:
            return "accepted: no owner has a value"
        return "system of record" if rank == 0 else f"owner {rank + 1} of {len(self.owners)}"


EVERYBODY = OwnedGroup(owners=())


@dataclass(frozen=True, slots=True)
class Ownership:
    """One version of the matrix: (entity, group, lifecycle state or ANY) to owners."""

    version: int
    rules: Mapping[tuple[str, str, str], OwnedGroup]

    def of(self, entity: str, group: str, state: str) -> OwnedGroup:
        """Return the rule for this state, else the one for any state, else everybody by recency."""
        return self.rules.get((entity, group, state)) or self.rules.get((entity, group, ANY)) or EVERYBODY


def ownership(version: int, rows: Iterable[tuple[str, str, str, tuple[str, ...], str]]) -> Ownership:
    """Build the matrix from rows (entity, group, state, owners, verdict on others)."""
    return Ownership(
        version=version,
        rules={
            (entity, group, state): OwnedGroup(owners=owners, others=Verdict(others))
            for entity, group, state, owners, others in rows
        },
    )
