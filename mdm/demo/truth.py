"""What is really so: the manifest of a set of extracts."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Rows (without a header) and SHA-256 of a written file."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A planted bad row: `row` counts the file's rows from 1, `expect` is error or issue.

    An error makes a cell or the key unusable, an issue is a value that breaks a rule.
    """

    file: str
    row: int
    key: str
    column: str
    value: str
    reason: str
    expect: str


@dataclass(frozen=True, slots=True)
class Dangling:
    """A planted reference to a record that no extract holds."""

    file: str
    row: int
    key: str
    column: str
    target: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set of extracts: its files, what they hold, and what was planted in them."""

    folder: str
    size: int
    seed: int
    noise: int
    wave: int
    as_of: str
    files: dict[str, FileFacts] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    disagreements: dict[str, int] = field(default_factory=dict)
    bad_rows: list[BadRow] = field(default_factory=list)
    dangling: list[Dangling] = field(default_factory=list)

    def save(self, folder: Path) -> None:
        """Writes truth.json into the folder; the folder's own name is left out."""
        facts = asdict(self)
        del facts["folder"]
        (folder / "truth.json").write_text(
            json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
