"""What planning came to, golden record by golden record: small enough to hold it of every record of a hub."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from heapq import nlargest
from typing import Any, NamedTuple
from uuid import UUID

from apps.golden.spec import Document
from apps.mastering.contracts import Change, ChangeKind

MOST_EXAMPLES = 400
"""Records of which values are kept while a simulation runs: more than a report shows, for some are planned again."""


class Outcome(NamedTuple):
    """One golden record. `values`: (attribute, filled | changed | emptied) of what is applied at once; `held`: changes
    that would wait for an approver; `amounts`: (measure, currency, amount) of what hangs on it, where targets hear."""

    entity: str
    kind: ChangeKind
    values: tuple[tuple[str, str], ...] = ()
    held: int = 0
    amounts: tuple[tuple[str, str, Decimal], ...] = ()

    @property
    def is_news(self) -> bool:
        return self.kind in ("created", "updated", "retired", "revived")

    @property
    def worth(self) -> float:
        """The plain sum of its measures, currencies mixed: to order by, not to show."""
        return float(sum(abs(amount) for _, _, amount in self.amounts))


class Values(NamedTuple):
    """Values of one record before and after, to show: (attribute, before, after)."""

    worth: float
    listed: tuple[tuple[str, Any, Any], ...]


@dataclass(slots=True)
class Tally:
    """What some records come to. `followed`: attributes that other entities follow, of records where one changes;
    `wanted`: records that follow, by entity; `marks`: of what was planned, so that the same is not planned twice."""

    outcomes: dict[UUID, Outcome] = field(default_factory=dict)
    examples: dict[UUID, Values] = field(default_factory=dict)
    followed: dict[UUID, Document] = field(default_factory=dict)
    wanted: dict[str, set[UUID]] = field(default_factory=dict)
    marks: dict[UUID, bytes] = field(default_factory=dict)

    def absorb(self, other: "Tally") -> None:
        """Add what was planned later: it counts in place of what was planned of the same records before."""
        for record in other.marks:
            self.outcomes.pop(record, None)
            self.examples.pop(record, None)
            self.followed.pop(record, None)
        self.outcomes |= other.outcomes
        self.followed |= other.followed
        self.examples |= other.examples
        if len(self.examples) > 2 * MOST_EXAMPLES:
            self.examples = dict(worthiest(self.examples, MOST_EXAMPLES))

    def news(self) -> dict[str, set[UUID]]:
        """Return, by entity, the golden records of which targets would hear."""
        found: dict[str, set[UUID]] = {}
        for record, outcome in self.outcomes.items():
            if outcome.is_news:
                found.setdefault(outcome.entity, set()).add(record)
        return found


def worthiest(examples: dict[UUID, Values], count: int) -> list[tuple[UUID, Values]]:
    """Return so many examples, those of the worthiest records first."""
    return nlargest(count, examples.items(), key=lambda pair: (pair[1].worth, -pair[0].int))


def how_of(change: Change) -> tuple[tuple[str, str], ...]:
    """Tell of each attribute whether it gets its first value, another one, or loses it."""
    return tuple((name, _how(change, name)) for name in change.changed)


def _how(change: Change, name: str) -> str:
    if change.before.get(name) is None:
        return "filled"
    return "emptied" if change.after.get(name) is None else "changed"


def merge_wanted(wanted: dict[str, set[UUID]], more: Iterable[tuple[str, Iterable[UUID]]]) -> None:
    """Add records to plan, by entity (in place)."""
    for name, ids in more:
        wanted.setdefault(name, set()).update(ids)
