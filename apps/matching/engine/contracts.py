"""What goes into the matching engine and what comes out of it; plain, frozen, JSON-able."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Self

import numpy as np

from .arrays import F32, F64, I32, I64, U8, U64, Bools

Cell = str | Sequence[str] | None


class Band(IntEnum):
    """What the engine advises for a pair."""

    NO_MATCH = 0
    REVIEW = 1
    MATCH = 2


@dataclass(frozen=True, slots=True, eq=False)
class Coded(Sequence[Cell]):
    """A column of single values as distinct strings and a code per record, -1 for none."""

    values: Sequence[str | None]
    codes: I32

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[k] for k in range(*at.indices(len(self)))]
        code = int(self.codes[at])
        return None if code < 0 else self.values[code]


@dataclass(frozen=True, slots=True)
class Table:
    """Records by column. A cell is a string, a list of strings (several values) or None."""

    ids: Sequence[Any]
    columns: Mapping[str, Sequence[Cell]]

    def __post_init__(self) -> None:
        for name, cells in self.columns.items():
            if len(cells) != len(self.ids):
                raise ValueError(f"column {name!r} has {len(cells)} cells for {len(self.ids)} records")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_arrow(cls, batch: Any, ids: str) -> Self:
        """Table of an Arrow record batch or table; its column `ids` names the records, the others are strings.

        Only the distinct strings become Python objects. The engine itself needs no Arrow library: `batch` brings
        its own (`schema.names`, `column(name)`, and arrays with `dictionary_encode`).
        """
        columns: dict[str, Sequence[Cell]] = {}
        for name in batch.schema.names:
            if name != ids:
                columns[name] = _coded(batch.column(name))
        return cls(batch.column(ids).to_pylist(), columns)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing compared: cleaned from one or several columns, compared by one comparator.

    Attributes of one `group` speak of the same fact: the strongest counts whole, the others in part.
    """

    name: str
    type: str
    sources: tuple[str, ...]
    comparator: str
    group: str = ""
    compared: bool = True
    """False: only blocking passes use it."""


@dataclass(frozen=True, slots=True)
class Config:
    """How records of one kind are matched; the only thing that differs between entities."""

    kind: str
    attributes: tuple[Attribute, ...]
    passes: tuple[tuple[str, ...], ...]
    """Each pass is a conjunction of parts "attribute" or "attribute:transform"."""
    frequency_cap: int = 20
    match_threshold: float = 0.8
    review_threshold: float = 0.2
    echo: float = 0.1
    """How much the second and later attributes of a group count."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "attributes": [asdict(a) | {"sources": list(a.sources)} for a in self.attributes],
            "passes": [list(p) for p in self.passes],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        attributes = tuple(Attribute(**{**a, "sources": tuple(a["sources"])}) for a in document["attributes"])
        passes = tuple(tuple(p) for p in document["passes"])
        return cls(**{**document, "attributes": attributes, "passes": passes})

    def attribute(self, name: str) -> Attribute:
        return next(a for a in self.attributes if a.name == name)

    @property
    def compared(self) -> tuple[Attribute, ...]:
        return tuple(a for a in self.attributes if a.compared)


@dataclass(frozen=True, slots=True)
class Keys:
    """Blocking keys, one row each: record position, stable key, and the pass that made it."""

    row: I32
    key: U64
    pass_no: U8

    @property
    def signed(self) -> I64:
        """The keys as PostgreSQL bigint sees them."""
        return self.key.view(np.int64)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidate pairs; `passes` is the bit mask of the blocking passes that found each."""

    left: I32
    right: I32
    passes: U64

    def __len__(self) -> int:
        return len(self.left)

    def take(self, chosen: Bools | I64) -> "Pairs":
        return Pairs(self.left[chosen], self.right[chosen], self.passes[chosen])


@dataclass(frozen=True, slots=True)
class Scores:
    """Scored pairs. Weights are in bits: +1 doubles the odds of a match."""

    weight: F64
    """Prior plus all contributions."""
    probability: F64
    band: U8
    levels: U8
    """[pairs, attributes]; 0 = missing on a side, 1 = different ... 9 = equal."""
    weights: F32
    """[pairs, attributes]; contributions after term frequency and group damping."""

    def __len__(self) -> int:
        return len(self.weight)

    def take(self, chosen: Bools | I64) -> "Scores":
        return Scores(
            self.weight[chosen],
            self.probability[chosen],
            self.band[chosen],
            self.levels[chosen],
            self.weights[chosen],
        )


def _coded(column: Any) -> Coded:
    if hasattr(column, "combine_chunks"):
        column = column.combine_chunks()
    if not hasattr(column, "dictionary"):
        column = column.dictionary_encode()
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Coded(column.dictionary.to_pylist(), codes)
