"""What explanations consist of: plain, frozen, masked already for whoever asked."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

BANDS = ("NO_MATCH", "REVIEW", "MATCH")


@dataclass(frozen=True, slots=True)
class RecordTold:
    """A source record with the golden record it belongs to."""

    id: UUID
    system: str
    key: str
    home: UUID | None
    home_code: str
    home_title: str

    @property
    def label(self) -> str:
        return f"{self.system}:{self.key}"


@dataclass(frozen=True, slots=True)
class AttributeTold:
    """One compared attribute; bits. `level_weight` + `rarity` + `damping` = `contribution`.

    Where `masked`, all that could tell a value is None or empty: values, similarity, level and bits.
    """

    attribute: str
    paths: tuple[str, ...]
    type: str
    left_raw: tuple[str, ...]
    right_raw: tuple[str, ...]
    left: tuple[str, ...]
    right: tuple[str, ...]
    left_compared: tuple[str, ...]
    right_compared: tuple[str, ...]
    similarity: float | None
    level: int | None
    level_weight: float | None
    rarity: float | None
    damping: float | None
    contribution: float | None
    masked: bool = False

    @property
    def kind(self) -> str:
        """Return how the two agree: equal, near, partly, different, missing, or masked."""
        return "masked" if self.level is None else kind_of(self.level)


def kind_of(level: int) -> str:
    """Return the word for a level of similarity: what evidence signatures and screens speak of."""
    if level >= 9:
        return "equal"
    if level >= 6:
        return "near"
    if level >= 2:
        return "partly"
    return "different" if level else "missing"


@dataclass(frozen=True, slots=True)
class AlternativeTold:
    """One attribute at another level, all else as it is, and the band that leads to."""

    attribute: str
    paths: tuple[str, ...]
    level: int
    kind: str
    similarity: float
    change: float
    total: float
    probability: float
    band: str
    was_missing: bool


@dataclass(frozen=True, slots=True)
class PassTold:
    """A blocking pass: how many keys each side has by it, and how many records hold the ones they share."""

    name: str
    left: int
    right: int
    shared: int
    holders: int
    over_cap: bool


@dataclass(frozen=True, slots=True)
class KeyTold:
    """An exact key of an entity that is matched by key; `equal` None: a side lacks a part of it."""

    attributes: tuple[str, ...]
    equal: bool | None


@dataclass(frozen=True, slots=True)
class ConflictTold:
    """Values that must not differ inside one golden record, and do."""

    path: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """A person's word on two source records; `direct`: on the two that are explained."""

    id: UUID
    verdict: str
    left: str
    right: str
    by: str
    at: datetime
    reason: str
    direct: bool
    pattern: UUID | None


@dataclass(frozen=True, slots=True)
class StoredPair:
    """The candidate pair as it was found and, perhaps, decided; numbers None where masked."""

    id: UUID
    status: str
    rule_version: int
    weight: float | None
    probability: float | None
    found_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two records are one or are not: a stable code and a sentence."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class PairExplanation:
    """Everything about two source records. Weights are in bits, thresholds are probabilities.

    `prior` + contributions + `correction` = `total`. For whoever may not see personal attributes, while one of them
    is compared, the totals are None: they would tell how alike the hidden values are.
    """

    entity: str
    left: RecordTold
    right: RecordTold
    rule_version: int | None
    model_version: str
    prior: float
    attributes: tuple[AttributeTold, ...]
    correction: float | None
    total: float | None
    probability: float | None
    band: str
    match_threshold: float
    review_threshold: float
    match_weight: float
    review_weight: float
    alternatives: tuple[AlternativeTold, ...] = ()
    decisive: tuple[str, ...] = ()
    passes: tuple[PassTold, ...] = ()
    cap: int = 0
    keys: tuple[KeyTold, ...] = ()
    conflicts: tuple[ConflictTold, ...] = ()
    decisions: tuple[DecisionTold, ...] = ()
    stored: StoredPair | None = None
    together: bool = False
    reasons: tuple[Reason, ...] = ()
    masked: tuple[str, ...] = ()

    @property
    def compared(self) -> bool:
        """Tell whether blocking brings the two together."""
        return any(each.shared and not each.over_cap for each in self.passes)


@dataclass(frozen=True, slots=True)
class PairLine:
    """One of several pairs between two groups of records, or one edge of a cluster."""

    left: RecordTold
    right: RecordTold
    weight: float | None
    probability: float | None
    band: str
    decision: str = ""


@dataclass(frozen=True, slots=True)
class SideTold:
    """What was asked about: a golden record with its members, or one source record."""

    golden: UUID | None
    code: str
    title: str
    members: tuple[RecordTold, ...]


@dataclass(frozen=True, slots=True)
class RecordsExplanation:
    """Two records of any kind: the strongest pair between them in full, the other pairs in short."""

    entity: str
    a: SideTold
    b: SideTold
    together: bool
    pair: PairExplanation
    lines: tuple[PairLine, ...]
    left_out: int
    """Pairs of large groups that were not compared for this answer."""


@dataclass(frozen=True, slots=True)
class MemberTold:
    """A member of a cluster: how it joined, its strongest link, and what falls apart without it."""

    record: RecordTold
    method: str
    joined_at: datetime
    strongest: PairLine | None
    without: tuple[tuple[str, ...], ...]
    """Groups of the other members, by label, when this one is taken away; empty where they stay together."""


@dataclass(frozen=True, slots=True)
class EdgeTold:
    """A link that holds a cluster; `sides` are the two groups, by label, that fall apart without it."""

    line: PairLine
    basis: str
    sides: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ClusterExplanation:
    """How a golden record came about and what holds it."""

    entity: str
    record_id: UUID
    code: str
    title: str
    rule_version: int | None
    match_threshold: float
    members: tuple[MemberTold, ...]
    edges: tuple[EdgeTold, ...]
    """The strongest links that together reach every member (a spanning tree), the strongest first."""
    weakest: EdgeTold | None
    anew: tuple[tuple[str, ...], ...]
    """Groups the rules alone would make of these members today, were they not one already."""
    decisions: tuple[DecisionTold, ...]
    reasons: tuple[Reason, ...]
    left_out: int
    masked: tuple[str, ...] = field(default=())
