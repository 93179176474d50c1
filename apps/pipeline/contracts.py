"""What a run of the pipeline comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

from apps.mastering.contracts import Plan
from apps.matching.contracts import Matched
from apps.sources.contracts import PendingRecord


def held_back(plan: Plan, routed: Plan) -> int:
    """Return of how many golden records a part waits for an approver."""
    planned = {change.record_id: change.after for change in plan.changes}
    return sum(planned.get(change.record_id, change.after) != change.after for change in routed.changes)


@dataclass(slots=True)
class BatchReport:
    """Counts of one batch, or of many added up."""

    records: int = 0
    created: int = 0
    updated: int = 0
    joined: int = 0
    merged: int = 0
    split: int = 0
    retired: int = 0
    reviews: int = 0
    requests: int = 0
    quarantined: int = 0

    @classmethod
    def of(
        cls, landed: Sequence[PendingRecord], matched: Matched, plan: Plan, routed: Plan, merges: int
    ) -> Self:
        kinds = [change.kind for change in routed.changes]
        return cls(
            records=len(landed),
            created=kinds.count("created"),
            updated=kinds.count("updated"),
            joined=sum(each.method != "new" for each in matched.joined),
            merged=merges,
            split=matched.splits,
            retired=kinds.count("retired"),
            reviews=matched.reviews,
            requests=held_back(plan, routed),
        )

    def add(self, other: "BatchReport") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(slots=True)
class Merged:
    """Sets of golden records made one, the records that became redirects by it, and sets that a veto kept apart."""

    sets: int = 0
    merged: int = 0
    vetoed: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the phase of a run is: a share of 0 to 1, units a second, seconds that are left (None: unknown)."""

    share: float
    rate: float
    seconds_left: float | None
