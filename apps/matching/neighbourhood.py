"""The part of the data one batch touches: its records, what resembles them, and everybody who lives with those."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from apps.matching.engine import Band, Config, Pairs, Scores, cluster
from apps.matching.models import Verdict
from apps.matching.storage import Pair


@dataclass(frozen=True)
class Neighbourhood:
    """Source records by position, with their golden records and people's decisions among them."""

    ids: list[UUID]
    homes: dict[UUID, UUID]
    decisions: dict[Pair, str]

    def clusters(
        self, pairs: Pairs, scores: Scores, config: Config, *, vetoed: Iterable[Pair] = ()
    ) -> list[set[UUID]]:
        """Group the records: golden records stay whole, never-match holds over whole groups.

        `vetoed` pairs end up apart like never-match ones, unless they are one already or a person said so.
        """
        position = {record: row for row, record in enumerate(self.ids)}
        never = self._pairs_with(Verdict.NEVER, position)
        must = self._pairs_with(Verdict.MATCH, position)
        never += [(position[one], position[other]) for one, other in vetoed if not self._settled(one, other)]
        current = np.full(len(self.ids), -1, np.int64)
        first: dict[UUID, int] = {}
        for record, home in self.homes.items():
            if record in position:
                current[position[record]] = first.setdefault(home, len(first))
        first_member: dict[UUID, int] = {}
        for record, home in self.homes.items():
            if record in position:
                row = first_member.setdefault(home, position[record])
                if row != position[record]:
                    must.append((row, position[record]))
        labels = cluster(len(self.ids), pairs, scores, config, never=never, must=must, current=current)
        groups: dict[int, set[UUID]] = {}
        for record, label in zip(self.ids, labels.tolist(), strict=True):
            groups.setdefault(label, set()).add(record)
        return list(groups.values())

    def _settled(self, one: UUID, other: UUID) -> bool:
        home = self.homes.get(one)
        if home is not None and home == self.homes.get(other):
            return True
        return self.decisions.get((one, other), self.decisions.get((other, one))) == Verdict.MATCH

    def components(self, pairs: Iterable[Pair]) -> list[set[UUID]]:
        """Group records that a key joins, as far as no decision of a person keeps them apart."""
        group = {record: {record} for record in self.ids}
        apart = [pair for pair, verdict in self.decisions.items() if verdict == Verdict.NEVER]
        must = [pair for pair, verdict in self.decisions.items() if verdict == Verdict.MATCH]
        together: dict[UUID, UUID] = {}
        for record, home in sorted(self.homes.items()):
            if record in group:
                self._unite(group, together.setdefault(home, record), record, ())
        for left, right in (*must, *sorted(pairs)):
            if left in group and right in group:
                self._unite(group, left, right, apart)
        return list({id(members): members for members in group.values()}.values())

    @staticmethod
    def _unite(group: dict[UUID, set[UUID]], left: UUID, right: UUID, apart: Sequence[Pair]) -> None:
        one, other = group[left], group[right]
        if one is other or any((a in one and b in other) or (a in other and b in one) for a, b in apart):
            return
        one |= other
        for record in other:
            group[record] = one

    def _pairs_with(self, verdict: Verdict, position: Mapping[UUID, int]) -> list[tuple[int, int]]:
        return [
            (position[left], position[right])
            for (left, right), decided in self.decisions.items()
            if decided == verdict and left in position and right in position
        ]


def in_band(scores: Scores, band: Band) -> list[int]:
    """Return the positions of the pairs in a band, the likeliest first."""
    found = np.flatnonzero(scores.band == band)
    return [int(at) for at in found[np.argsort(-scores.probability[found], kind="stable")]]
