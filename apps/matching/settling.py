"""Give each group of source records one golden record, moving as few as possible; pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from apps.core.ids import uuid7
from apps.matching.contracts import Joined


@dataclass(frozen=True, slots=True)
class Settled:
    """`joined` moves records; `merges` are sets of golden records of which nothing is left apart."""

    joined: tuple[Joined, ...]
    merges: tuple[tuple[UUID, ...], ...]
    splits: int
    homes: dict[UUID, UUID]
    """Where every record lives afterwards, merges done."""


def settle(
    groups: Sequence[Sequence[UUID]],
    homes: Mapping[UUID, UUID],
    *,
    method: str,
    movable: Collection[UUID] | None = None,
) -> Settled:
    """Find a golden record for each group: the one most of its records live in, else a new one.

    A golden record stays with the group that has most of it (then the one it comes first in); records that end in
    another group move there, and one that loses its last records this way is merged. Only records of `movable`
    find a first home, all of them where it is None.
    """
    target = _targets(groups, homes)
    heir = _heirs(groups, homes, target)
    joined: list[Joined] = []
    merges: list[tuple[UUID, ...]] = []
    after = dict(homes)
    splits = 0
    for number, group in enumerate(groups):
        fresh = number not in target
        losers: set[UUID] = set()
        for record in sorted(group):
            home = homes.get(record)
            if home is None and movable is not None and record not in movable:
                continue
            if home is not None and heir.get(home) == number and home != target.get(number):
                losers.add(home)
                after[record] = target[number]
                continue
            if home is not None and home == target.get(number):
                continue
            golden = target.setdefault(number, uuid7())
            joined.append(Joined(record, golden, "new" if fresh else method))
            splits += home is not None
            fresh = False
            after[record] = golden
        if losers:
            merges.append((target[number], *sorted(losers)))
    return Settled(tuple(joined), tuple(merges), splits, after)


def _targets(groups: Sequence[Sequence[UUID]], homes: Mapping[UUID, UUID]) -> dict[int, UUID]:
    """Return the golden record of each group that keeps one; each stays with one group at most."""
    shares = [
        (-count, home, number)
        for number, group in enumerate(groups)
        for home, count in Counter(homes[record] for record in group if record in homes).items()
    ]
    target: dict[int, UUID] = {}
    kept: set[UUID] = set()
    for _, home, number in sorted(shares):
        if number not in target and home not in kept:
            target[number] = home
            kept.add(home)
    return target


def _heirs(
    groups: Sequence[Sequence[UUID]], homes: Mapping[UUID, UUID], target: Mapping[int, UUID]
) -> dict[UUID, int]:
    """Return, for each golden record that no group keeps, the group that gets most of its records and itself."""
    kept = set(target.values())
    most: dict[UUID, tuple[int, int]] = {}
    for number, group in enumerate(groups):
        for home, count in Counter(homes[record] for record in group if record in homes).items():
            if home not in kept and number in target:
                most[home] = min(most.get(home, (0, 0)), (-count, number))
    return {home: number for home, (_, number) in most.items()}
