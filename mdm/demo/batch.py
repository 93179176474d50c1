"""Rows waiting to be written, by file, with the truth about them."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from mdm.demo.seeds import stream

Row = list[Any] | dict[str, Any]

CROSSWALK = "truth/crosswalk.csv"
DISAGREEMENTS = "truth/disagreements.csv"
CUSTOMERS = "truth/customers.csv"
CHANGES = "truth/changes.csv"
TRUTH_COLUMNS: dict[str, tuple[str, ...]] = {
    CROSSWALK: ("system", "entity", "key", "true_id", "is_duplicate"),
    DISAGREEMENTS: ("entity", "true_id", "system", "key", "attribute", "kind", "true_value", "value"),
    CUSTOMERS: (
        "true_id", "legal_name", "country", "tax_id", "registration_no", "domain", "parent_id", "group_id",
        "family",
    ),
    CHANGES: ("file", "key", "true_id", "change"),
}  # fmt: skip


def cents(amount: int) -> str:
    """12345 -> "123.45"."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def number(amount: int) -> float:
    """12345 -> 123.45, for JSON."""
    return amount / 100


@dataclass(slots=True)
class Batch:
    """Rows by file name, counters of what they mean."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    records: Counter[str] = field(default_factory=Counter)
    differences: Counter[str] = field(default_factory=Counter)
    true_things: Counter[str] = field(default_factory=Counter)

    def add(self, file: str, row: Row) -> None:
        """Puts a row into a file."""
        self.rows[file].append(row)

    def known(self, system: str, entity: str, key: str, true_id: str, *, duplicate: bool = False) -> None:
        """Notes in the truth that a system's record stands for a true thing."""
        self.records[f"{system}.{entity}"] += 1
        if duplicate:
            self.records[f"{system}.{entity}.duplicates"] += 1
        self.rows[CROSSWALK].append([system, entity, key, true_id, int(duplicate)])

    def differs(
        self, entity: str, true_id: str, system: str, key: str, difference: tuple[str, str, str, str]
    ) -> None:
        """Notes a planted disagreement: (attribute, kind, true value, value)."""
        attribute, kind, true_value, value = difference
        self.differences[f"{entity}.{attribute}.{kind}"] += 1
        self.rows[DISAGREEMENTS].append([entity, true_id, system, key, attribute, kind, true_value, value])

    def shuffle(self, seed: int, number: int) -> None:
        """Mixes each extract's rows, so that records of one thing do not stand side by side."""
        for file, rows in self.rows.items():
            if not file.startswith("truth/"):
                stream(seed, f"order of {file}", number).shuffle(rows)

    def take(self) -> dict[str, list[Row]]:
        """The waiting rows; the batch is empty afterwards, its counters stay."""
        taken = dict(self.rows)
        self.rows.clear()
        return taken
