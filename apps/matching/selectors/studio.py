"""What the tuning studio shows of a rule: pairs by score, what people decided on them, and examples at a score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from uuid import UUID

import numpy as np

from apps.core.bulk import raw_cursor
from apps.core.json import dumps
from apps.golden.spec import EntitySpec
from apps.matching import storage
from apps.matching.engine import Pairs
from apps.matching.landscape import Flags, Numbers, living_together
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
class WeighedPairs:
    """The pairs of a snapshot as one rule weighs them; a process keeps them, for a page asks for them again."""

    ids: list[UUID]
    position: dict[UUID, int]
    pairs: Pairs
    weight: Numbers
    probability: Numbers

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, eq=False)
class StudioView:
    """A snapshot as one rule weighs it. `undecided` labels are those of pairs that no key brings together."""

    weighed: WeighedPairs
    together: Flags
    verdicts: Mapping[int, str]
    unfound: Mapping[str, int]

    @cached_property
    def bits(self) -> Numbers:
        """Calibrated log-odds of each pair."""
        p = np.clip(self.weighed.probability, 1e-12, 1 - 1e-12)
        return np.log2(p / (1 - p))

    def _verdict_mask(self, verdict: str) -> Flags:
        mask = np.zeros(len(self.weighed), bool)
        mask[[at for at, said in self.verdicts.items() if said == verdict]] = True
        return mask

    def bins(self) -> list[list[float]]:
        """Return [bin, pairs, apart, expected matches, decided match, decided never-match] of every bin in use."""
        if not len(self.weighed):
            return []
        last = round(2 * REACH / STEP) - 1
        at = np.clip(np.floor((self.bits + REACH) / STEP + 1e-9), 0, last).astype(np.int64)
        columns = [
            np.bincount(at, minlength=last + 1),
            np.bincount(at, weights=~self.together, minlength=last + 1),
            np.bincount(at, weights=self.weighed.probability, minlength=last + 1),
            np.bincount(at, weights=self._verdict_mask(Verdict.MATCH), minlength=last + 1),
            np.bincount(at, weights=self._verdict_mask(Verdict.NEVER), minlength=last + 1),
        ]
        used = np.flatnonzero(columns[0])
        return [
            [number, *(round(float(column[number]), 4) for column in columns)] for number in used.tolist()
        ]

    def counts(self, match: float, review: float) -> BandCounts:
        """Count exactly what thresholds (probabilities) would make of the pairs."""
        p = self.weighed.probability
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
        ids, pairs = self.weighed.ids, self.weighed.pairs
        return [
            PairAt(
                ids[pairs.left[at]],
                ids[pairs.right[at]],
                float(self.weighed.weight[at]),
                float(self.weighed.probability[at]),
                bool(self.together[at]),
                self.verdicts.get(at, ""),
            )
            for at in found[order][:limit].tolist()
        ]


def snapshot_for(rule: Rule) -> PairSnapshot | None:
    """Return the snapshot that fits a rule, of whatever moment, without its pairs."""
    return PairSnapshot.objects.defer("payload").filter(**shape_of(rule)).first()


def is_current(snapshot: PairSnapshot) -> bool:
    """Tell whether the data is still what it was when the snapshot was taken."""
    return snapshot.moment == data_moment(entity_name=snapshot.entity)


def studio_view(*, spec: EntitySpec, rule: Rule, snapshot: PairSnapshot) -> StudioView:
    """Weigh a snapshot by a rule and lay people's decisions over it.

    What depends on the snapshot and the rule only, or on the state of the data, is kept for the next request.
    """
    asked = _Asked(snapshot.pk, snapshot.taken_at, snapshot.moment, _word_of(rule), rule)
    weighed = _weighed(asked)
    together = _together(asked, data_moment(entity_name=spec.name))
    with raw_cursor() as cursor:
        decisions = storage.decisions_of_entity(cursor, spec.name)
    left, right = weighed.pairs.left, weighed.pairs.right
    position, width = weighed.position, max(len(weighed.ids), 1)
    key = left.astype(np.int64) * width + right if decisions else np.zeros(0, np.int64)
    verdicts: dict[int, str] = {}
    unfound: dict[str, int] = {}
    for (one, other), said in decisions.items():
        a, b = sorted((position.get(one, -1), position.get(other, -1)))
        at = int(np.searchsorted(key, a * width + b)) if a >= 0 else len(key)
        if at < len(key) and key[at] == a * width + b:
            verdicts[at] = said
        else:
            unfound[said] = unfound.get(said, 0) + 1
    return StudioView(weighed, together, verdicts, unfound)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A snapshot as it was taken, and a rule by what it weighs with: a draft that is edited is another one."""

    snapshot: int
    taken_at: datetime
    moment: str
    word: str
    rule: Rule = field(compare=False)


def _word_of(rule: Rule) -> str:
    told = dumps([rule.config.to_json(), rule.model.to_json()])
    return blake2b(told, digest_size=8).hexdigest()


@lru_cache(maxsize=3)
def _weighed(asked: _Asked) -> WeighedPairs:
    landscape = unpack(bytes(PairSnapshot.objects.get(pk=asked.snapshot).payload))
    weight, probability = landscape.weights(asked.rule)
    position = {record: row for row, record in enumerate(landscape.ids)}
    return WeighedPairs(landscape.ids, position, landscape.pairs, weight, probability)


@lru_cache(maxsize=3)
def _together(asked: _Asked, _moment: str) -> Flags:
    """Return which pairs of a snapshot are one golden record in this state of the data."""
    weighed = _weighed(asked)
    with raw_cursor() as cursor:
        homes = storage.homes_of_entity(cursor, asked.rule.entity)
    return living_together(weighed.ids, weighed.pairs, homes)
