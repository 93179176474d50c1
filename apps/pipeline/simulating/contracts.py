"""What a simulation of rules tells: frozen, JSON-able, the same for match, ownership and survivorship rules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

SAMPLE = 200
"""Named examples of each kind a report keeps, the worthiest first; counts and ids are always whole."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A golden record by name; `worth` is the sum of its measures, `note` what happens to it in a few words."""

    id: str
    code: str
    title: str
    worth: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedMerge:
    """Golden records that would become one, the survivor first."""

    records: tuple[Touched, ...]
    worth: float
    vetoed: str = ""


@dataclass(frozen=True, slots=True)
class SimulatedSplit:
    """A golden record that source records would leave: each `system key` and where it would go."""

    record: Touched
    leaving: tuple[str, ...]
    worth: float


@dataclass(frozen=True, slots=True)
class ValueCount:
    """Golden records whose attribute would get its first value, another one, or lose it."""

    entity: str
    attribute: str
    filled: int
    changed: int
    emptied: int

    @property
    def total(self) -> int:
        return self.filled + self.changed + self.emptied


@dataclass(frozen=True, slots=True)
class ValueExample:
    """One value before and after; None: there is none. Personal values are named, not shown."""

    record: Touched
    entity: str
    attribute: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class TargetCount:
    """Golden records whose next version a target would be sent."""

    connection: str
    label: str
    entity: str
    mapping: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class MoneyTouched:
    """Sum of one measure over the golden records whose shape or values would change, per currency."""

    measure: str
    currency: str
    amount: str
    records: int


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What would happen if the draft were active and everything computed again; nothing was written.

    `merged` and `left` hold the whole result as ids: sets of golden records that become one, and source records that
    leave a golden record, by the golden record they leave. `held` changes would wait for an approver, `values` count
    what would be applied at once.
    """

    entity: str
    subject: str
    records: int = 0
    golden: int = 0
    pairs: int = 0
    merged: tuple[tuple[str, ...], ...] = ()
    left: tuple[tuple[str, tuple[str, ...]], ...] = ()
    vetoed: int = 0
    merges: tuple[SimulatedMerge, ...] = ()
    splits: tuple[SimulatedSplit, ...] = ()
    changed: tuple[tuple[str, int], ...] = ()
    values: tuple[ValueCount, ...] = ()
    examples: tuple[ValueExample, ...] = ()
    held: int = 0
    reviews_opened: int = 0
    reviews_closed: int = 0
    reviews_left_out: int = 0
    deliveries: tuple[TargetCount, ...] = ()
    money: tuple[MoneyTouched, ...] = ()
    seconds: float = 0.0
    moment: Mapping[str, str] = field(default_factory=dict)

    @property
    def golden_after(self) -> int:
        """Live golden records of the entity afterwards."""
        gone = sum(len(records) - 1 for records in self.merged)
        return self.golden - gone + dict(self.changed).get("created", 0)

    @property
    def records_merging(self) -> int:
        return sum(len(records) for records in self.merged)

    @property
    def records_leaving(self) -> int:
        return sum(len(records) for _, records in self.left)

    @property
    def golden_changed(self) -> int:
        return sum(count for kind, count in self.changed if kind != "merged")

    @property
    def values_changed(self) -> int:
        return sum(each.total for each in self.values)

    @property
    def delivered(self) -> int:
        return sum(each.deliveries for each in self.deliveries)

    def summary(self) -> dict[str, int]:
        """Return the counts that a list of simulations shows."""
        return {
            "merges": len(self.merged),
            "leaving": self.records_leaving,
            "changed": self.golden_changed,
            "values": self.values_changed,
            "held": self.held,
            "reviews": self.reviews_opened,
            "deliveries": self.delivered,
        }

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the report that `to_json` packed, also after a round trip through JSON."""
        fields = dict(document)
        fields["merged"] = tuple(tuple(ids) for ids in fields["merged"])
        fields["left"] = tuple((home, tuple(ids)) for home, ids in fields["left"])
        fields["changed"] = tuple((kind, count) for kind, count in fields["changed"])
        fields["merges"] = tuple(
            SimulatedMerge(tuple(Touched(**r) for r in each["records"]), each["worth"], each["vetoed"])
            for each in fields["merges"]
        )
        fields["splits"] = tuple(
            SimulatedSplit(Touched(**each["record"]), tuple(each["leaving"]), each["worth"])
            for each in fields["splits"]
        )
        fields["examples"] = tuple(
            ValueExample(**{**each, "record": Touched(**each["record"])}) for each in fields["examples"]
        )
        plain = {"values": ValueCount, "deliveries": TargetCount, "money": MoneyTouched}
        for name, kind in plain.items():
            fields[name] = tuple(kind(**each) for each in fields[name])
        return cls(**fields)
