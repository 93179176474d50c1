"""Plans: what would become of golden records, computed before anything is written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from apps.golden.spec import Document
from apps.mastering.engine.survivorship import Lines

ChangeKind = Literal["created", "updated", "requalified", "unchanged", "retired", "revived"]
"""`requalified`: the same values from other sources; written, but no news to anybody."""


@dataclass(frozen=True, slots=True)
class Change:
    """One golden record before and after. Documents hold values only; provenance stands beside them."""

    record_id: UUID
    entity: str
    kind: ChangeKind
    version: int
    before: Document
    after: Document
    provenance_before: dict[str, Any]
    provenance: dict[str, Any]
    quality: int

    @property
    def changed(self) -> tuple[str, ...]:
        """Return the names of attributes and collections that differ."""
        names = sorted(set(self.before) | set(self.after))
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))

    @property
    def is_news(self) -> bool:
        return self.kind in ("created", "updated", "retired", "revived")


@dataclass(frozen=True, slots=True)
class Move:
    """A source record joins a golden record, by this method (new, match, key, id, steward)."""

    source_record_id: UUID
    record_id: UUID
    method: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The loser of a merge becomes a redirect to its survivor."""

    loser: UUID
    survivor: UUID
    moved: tuple[str, ...]  # ids of the source records that came from the loser
    method: str
    reason: str = ""
    methods: Mapping[str, str] = field(default_factory=dict)  # how each of them had come to the loser
    stayed: tuple[str, ...] = ()  # ids of the survivor's own source records


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a simulation takes for granted: where source keys (system, entity, key) would live, and golden documents
    as they would be, which derived attributes follow.
    """

    homes: Mapping[tuple[str, str, str], UUID] = field(default_factory=dict)
    documents: Mapping[UUID, Document] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefusedValue:
    """A reference that was left out because it would close a cycle of `length` records, all of them `among` these."""

    record_id: UUID
    attribute: str
    value: str
    source_record_id: UUID | None
    length: int
    among: frozenset[UUID]


Held = Mapping[UUID, Document]
"""By record, attributes and collections of references and what they stay at, whatever is told now."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall become of a batch of golden records of one entity.

    `held` says what references an approver decides on stay at: by that, those are sought that lead back to their
    start. `again` plans the same with others.
    """

    entity: str
    changes: tuple[Change, ...] = ()
    moves: tuple[Move, ...] = ()
    redirects: tuple[Redirect, ...] = field(default=())
    refused: tuple[RefusedValue, ...] = field(default=())
    asked_again: frozenset[UUID] = (
        frozenset()
    )  # records whose references that were refused before are computed here
    held: Held = field(default_factory=dict)
    again: "Callable[[Held], Plan] | None" = field(default=None, repr=False, compare=False)
    lines: tuple[tuple[UUID, Lines], ...] = field(
        default=(), repr=False
    )  # who stood in line, for the verdicts

    def news(self) -> Iterator[Change]:
        return (change for change in self.changes if change.is_news)

    def altered(self, alter: Callable[[Sequence[Change]], Iterable[Change]]) -> "Plan":
        """Return the plan with other changes; planned again, it is altered likewise."""
        again = self.again
        return replace(
            self,
            changes=tuple(alter(self.changes)),
            again=(lambda held: again(held).altered(alter)) if again else None,
        )


@dataclass(frozen=True, slots=True)
class Veto:
    """Why records must not become one. `absolute`: nobody may; else an approver may, with a reason.

    `detail` tells more of it as it stands today; an approver's word holds when that changes.
    """

    code: str
    message: str
    records: tuple[UUID, ...]
    absolute: bool = False
    detail: str = ""


Side = Literal["home", "away", "both"]
"""`home` is the record that members are taken out of, `away` the one they go to."""


@dataclass(frozen=True, slots=True)
class Choices:
    """To which side a steward gives what was done after a merge; what is not named goes where evidence points.

    `members` by source record that arrived meanwhile, `pins` by pin, `requests` by change request; `children` by
    (record, reference attribute).
    """

    members: Mapping[UUID, Side] = field(default_factory=dict)
    pins: Mapping[UUID, Side] = field(default_factory=dict)
    requests: Mapping[UUID, Side] = field(default_factory=dict)
    children: Mapping[tuple[UUID, str], Side] = field(default_factory=dict)

    def as_json(self) -> dict[str, dict[str, str]]:
        return {
            "members": {str(source): side for source, side in self.members.items()},
            "pins": {str(pin): side for pin, side in self.pins.items()},
            "requests": {str(request): side for request, side in self.requests.items()},
            "children": {f"{record}:{name}": side for (record, name), side in self.children.items()},
        }

    def among(self, offers: Sequence["Offer"]) -> "Choices":
        """Return the choices on what is offered."""
        offered = {(offer.kind, offer.key) for offer in offers}

        def of(kind: str, sides: Mapping[UUID, Side]) -> dict[UUID, Side]:
            return {key: side for key, side in sides.items() if (kind, str(key)) in offered}

        return Choices(
            members=of("member", self.members),
            pins=of("pin", self.pins),
            requests=of("request", self.requests),
            children={
                (record, name): side
                for (record, name), side in self.children.items()
                if ("child", f"{record}:{name}") in offered
            },
        )

    def sides(self) -> Iterator[tuple[str, str, Side]]:
        """Yield kind, key and side of each choice, the first two as offers name them."""
        for kind, sides in (("member", self.members), ("pin", self.pins), ("request", self.requests)):
            yield from ((kind, str(key), side) for key, side in sides.items())
        yield from (("child", f"{record}:{name}", side) for (record, name), side in self.children.items())

    @classmethod
    def of_json(cls, stored: Mapping[str, Mapping[str, Any]]) -> "Choices":
        children = {}
        for path, side in stored.get("children", {}).items():
            record, _, name = path.partition(":")
            children[UUID(record), name] = side
        return cls(
            members={UUID(source): side for source, side in stored.get("members", {}).items()},
            pins={UUID(pin): side for pin, side in stored.get("pins", {}).items()},
            requests={UUID(request): side for request, side in stored.get("requests", {}).items()},
            children=children,
        )


@dataclass(frozen=True, slots=True)
class Parting:
    """Members of `home` that shall go to `away`: the loser of `merge_id`, or a new record (then `is_new`).

    `since`: when the two became one; None: the members never had a record of their own.
    """

    entity: str
    home: UUID
    away: UUID
    leaving: tuple[UUID, ...]
    staying: tuple[UUID, ...]
    is_new: bool
    merge_id: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Something done after a merge that may belong to either side, with the side evidence points to and why.

    `kind`: pin, member, child, request. `key` identifies it: a pin's, source record's or request's id, or
    "record:attribute" of a child.
    """

    kind: Literal["pin", "member", "child", "request"]
    key: str
    attribute: str
    value: Any
    side: Side
    why: str
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    record_id: UUID | None = None
    by_hand: bool = True
    options: tuple[Side, ...] = ("home", "away", "both")

    def __str__(self) -> str:
        return f"{self.kind} {self.attribute} ({self.key})"


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored value that is not what sources, decisions, pins and rules come to; values in canonical JSON form.

    `place`: an attribute, a collection, "provenance:" and a path, or what else the cause speaks of.
    """

    entity: str
    record_id: UUID | None
    code: str
    place: str
    stored: Any
    computed: Any
    cause: str
    remedy: str = "--repair writes what is computed"
    mended: bool = True  # by --repair
    waits: bool = False  # for the pipeline, or for the daily release of pins: no fault
