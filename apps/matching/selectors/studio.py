"""What the tuning studio shows of a rule: pairs by score, what people decided on them, and examples at a score."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import numpy as np

from apps.core.bulk import raw_cursor
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.engine import Scores
from apps.matching.landscape import Landscape, members_of_entity
from apps.matching.models import PairSnapshot, Verdict
from apps.matching.packing import shape_of, unpack
from apps.matching.rule import Rule
from apps.matching.selectors.moments import data_moment

STEP = 0.05
"""Bits of log-odds one bin holds; thresholds are dragged in these steps, so counts from bins are exact."""
REACH = 20.0
"""Bits on either side of even odds that are shown; what lies beyond is counted in the outermost bin."""


@dataclass(frozen=True, slots=True)
class BandCounts:
    """Pairs of each band, of those the ones that are `apart` now, and errors: expected, and known from decisions."""

    auto: int
    auto_apart: int
    review: int
    review_apart: int
    none: int
    false_merges: float
    missed: float
    known_false: int
    known_missed: int
    known_auto: int
    known_none: int


@dataclass(frozen=True, slots=True)
class PairAt:
    """A pair at a score."""

    left: UUID
    right: UUID
    weight: float
    probability: float
    together: bool
    verdict: str


@dataclass(frozen=True, eq=False)
class StudioView:
    """A snapshot as one rule weighs it. `undecided` labels are those of pairs that no key brings together."""

    landscape: Landscape
    scores: Scores
    together: np.ndarray[tuple[int], np.dtype[np.bool_]]
    verdicts: Mapping[int, str]
    unfound: Mapping[str, int]

    @cached_property
    def bits(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Calibrated log-odds of each pair."""
        p = np.clip(self.scores.probability, 1e-12, 1 - 1e-12)
        return np.log2(p / (1 - p))

    def _verdict_mask(self, verdict: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        mask = np.zeros(len(self.scores), bool)
        mask[[at for at, said in self.verdicts.items() if said == verdict]] = True
        return mask

    def bins(self) -> list[list[float]]:
        """Return [bin, pairs, apart, expected matches, decided match, decided never-match] of every bin in use."""
        if not len(self.scores):
            return []
        last = round(2 * REACH / STEP) - 1
        at = np.clip(np.floor((self.bits + REACH) / STEP + 1e-9), 0, last).astype(np.int64)
        columns = [
            np.bincount(at, minlength=last + 1),
            np.bincount(at, weights=~self.together, minlength=last + 1),
            np.bincount(at, weights=self.scores.probability, minlength=last + 1),
            np.bincount(at, weights=self._verdict_mask(Verdict.MATCH), minlength=last + 1),
            np.bincount(at, weights=self._verdict_mask(Verdict.NEVER), minlength=last + 1),
        ]
        used = np.flatnonzero(columns[0])
        return [
            [number, *(round(float(column[number]), 4) for column in columns)] for number in used.tolist()
        ]

    def counts(self, match: float, review: float) -> BandCounts:
        """Count exactly what thresholds (probabilities) would make of the pairs."""
        p = self.scores.probability
        auto, none = p >= match, p < review
        asked = ~auto & ~none
        matches, nevers = self._verdict_mask(Verdict.MATCH), self._verdict_mask(Verdict.NEVER)
        return BandCounts(
            auto=int(auto.sum()),
            auto_apart=int((auto & ~self.together).sum()),
            review=int(asked.sum()),
            review_apart=int((asked & ~self.together).sum()),
            none=int(none.sum()),
            false_merges=round(float((1 - p[auto]).sum()), 2),
            missed=round(float(p[none].sum()), 2),
            known_false=int((auto & nevers).sum()),
            known_missed=int((none & matches).sum()) + self.unfound.get(Verdict.MATCH, 0),
            known_auto=int((auto & (matches | nevers)).sum()),
            known_none=int((none & (matches | nevers)).sum()) + sum(self.unfound.values()),
        )

    def examples(self, low: float, high: float, *, limit: int = 12) -> list[PairAt]:
        """Return pairs with `low` <= bits < `high`: decided ones first, then those that are not one yet."""
        found = np.flatnonzero((self.bits >= low - 1e-9) & (self.bits < high - 1e-9))
        decided = np.array([at in self.verdicts for at in found.tolist()], bool)
        order = np.lexsort((found * 2_654_435_761 % 2**32, self.together[found], ~decided))
        ids, pairs = self.landscape.ids, self.landscape.pairs
        return [
            PairAt(
                ids[pairs.left[at]],
                ids[pairs.right[at]],
                float(self.scores.weight[at]),
                float(self.scores.probability[at]),
                bool(self.together[at]),
                self.verdicts.get(at, ""),
            )
            for at in found[order][:limit].tolist()
        ]


def snapshot_for(rule: Rule) -> PairSnapshot | None:
    """Return the snapshot that fits a rule, of whatever moment."""
    return PairSnapshot.objects.filter(**shape_of(rule)).first()


def is_current(snapshot: PairSnapshot) -> bool:
    """Tell whether the data is still what it was when the snapshot was taken."""
    return snapshot.moment == data_moment(entity_name=snapshot.entity)


def studio_view(*, spec: EntitySpec, rule: Rule, snapshot: PairSnapshot) -> StudioView:
    """Weigh a snapshot by a rule and lay people's decisions over it."""
    landscape = unpack(bytes(snapshot.payload))
    with raw_cursor() as cursor:
        homes = {member.id: member.home for member in members_of_entity(cursor, spec.name)}
        decisions = storage.decisions_of_entity(cursor, spec.name)
    numbers: dict[UUID | None, int] = {None: -1}
    home = np.array(
        [numbers.setdefault(homes.get(record), len(numbers)) for record in landscape.ids] or [0], np.int64
    )
    left, right = landscape.pairs.left, landscape.pairs.right
    together = (home[left] == home[right]) & (home[left] >= 0)
    position = {record: row for row, record in enumerate(landscape.ids)}
    width = max(len(landscape.ids), 1)
    key = left.astype(np.int64) * width + right
    verdicts: dict[int, str] = {}
    unfound: dict[str, int] = {}
    for (one, other), said in decisions.items():
        a, b = sorted((position.get(one, -1), position.get(other, -1)))
        at = int(np.searchsorted(key, a * width + b)) if a >= 0 else len(key)
        if at < len(key) and key[at] == a * width + b:
            verdicts[at] = said
        else:
            unfound[said] = unfound.get(said, 0) + 1
    return StudioView(landscape, landscape.scores(rule), together, verdicts, unfound)
