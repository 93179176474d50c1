"""What crosses the border of the quality app: issues, standardized values and whole standardized records."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

Severity = Literal["info", "warn", "downgrade", "block"]

PENALTY: dict[str, int] = {"info": 0, "warn": 5, "downgrade": 10, "block": 25}
"""Points an issue of a severity takes off the score of a record, which starts at 100."""


class Issue(NamedTuple):
    """One finding about one value; a tuple, because millions are made.

    `code` is "<subject>.<finding>" ("phone.not_possible"), `attribute` the path of the value
    ("addresses[0].postcode"), `value` the offending text, cut to 120 characters.
    info: worth knowing; warn: look at it; downgrade: trust the value less; block: hold the record back.
    """

    code: str
    attribute: str
    severity: Severity
    message: str
    value: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Near:
    """What a standardizer may know besides the value.

    country: ISO 3166 alpha-2 of the record. date_order: "dmy", "mdy" or "ymd" of the file's layout.
    decimal_mark: "." or "," of the file's layout. choices: the values an enumeration allows.
    """

    country: str | None = None
    date_order: str | None = None
    decimal_mark: str | None = None
    choices: tuple[str, ...] = ()


NOWHERE = Near()


class Standardized(NamedTuple):
    """A standardized value, None where there is none, and what was found on the way.

    A tuple, because millions are made: a frozen dataclass takes three times as long.
    """

    value: Any
    issues: tuple[Issue, ...] = ()


NOTHING = Standardized(None)


@dataclass(frozen=True, slots=True)
class StandardizedRecord:
    """A record in canonical form. Attributes absent from the source stay absent; score is 0 to 100."""

    values: dict[str, Any]
    issues: tuple[Issue, ...] = ()
    score: int = 100

    def issues_as_dicts(self) -> list[dict[str, str | None]]:
        return [issue.as_dict() for issue in self.issues]


@dataclass(frozen=True, slots=True)
class LegalName:
    """An organisation's name without its legal form, and the form's kind ("Limited") or None."""

    base: str
    form: str | None


@dataclass(frozen=True, slots=True)
class IssueCount:
    """How many records of a system and entity carry an issue on an attribute (item numbers left out)."""

    system: str
    entity: str
    attribute: str
    code: str
    severity: str
    records: int


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """How many records of a system and entity score from `low` to `low + 9` (100 stands alone)."""

    system: str
    entity: str
    low: int
    records: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A standardized record as stored, with the entity it belongs to."""

    entity: str
    values: dict[str, Any]
    issues: list[dict[str, str | None]] = field(default_factory=list)
    score: int = 100
    echoed: dict[str, Any] = field(default_factory=dict)
    own_recency: float | None = None


class Standardizer(Protocol):
    """A registered standardizer: never raises, and leaves its own results unchanged."""

    def __call__(self, value: object, near: Near = NOWHERE) -> Standardized: ...
