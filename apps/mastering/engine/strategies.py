"""Survivorship strategies: each orders those who claim a value; a strategy is one decorated function.

A strategy returns a sort key: whoever has the smallest is first in line. They are asked one after the other, as
the rule of the group names them, until one tells two claims apart.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from apps.core.registry import Registry
from apps.golden.spec import Document
from apps.mastering.engine.ownership import Standing


@dataclass(frozen=True, slots=True)
class Contender:
    """A member source record as survivorship sees it; `values` are standardized, references are golden ids.

    `faults` tells, by attribute or collection, which share of the trust its quality issues cost (0 to 1); `echoed`
    names the attributes and items ("collection:identity") that it only repeats because the hub wrote them there.
    """

    id: str
    system: str
    role: str
    key: str
    recency: float  # seconds since the epoch by the system's own account, 0 where it gives none
    values: Document
    faults: Mapping[str, float] | None = None
    echoed: frozenset[str] = frozenset()

    def only_repeats(self, names: Iterable[str]) -> bool:
        """Tell whether all that it says of these attributes is what the hub told it."""
        return bool(self.echoed) and all(
            name in self.echoed for name in names if self.values.get(name) is not None
        )

    @property
    def completeness(self) -> int:
        return len(self.values)


class Claim(NamedTuple):
    """A contender for one attribute group and what its values are worth; a tuple, because millions are made."""

    contender: Contender
    standing: Standing
    trusted: Callable[[Contender], float]

    @property
    def trust(self) -> float:
        """Return how much its values are trusted, 0 to 100; worked out only where it decides."""
        return self.trusted(self.contender)


Strategy = Callable[[Claim], Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A registered strategy; `lost` says why somebody lost by it."""

    order: Strategy
    title: str
    lost: str


strategies: Registry[Named] = Registry("survivorship strategy")


def strategy(name: str, *, title: str, lost: str) -> Callable[[Strategy], Strategy]:
    """Register a strategy under the name that survivorship rules use."""

    def register(order: Strategy) -> Strategy:
        strategies.add(name, Named(order, title, lost))
        return order

    return register


@strategy("owner", title="owner first", lost="the winner stands before it among the owners")
def by_owner(claim: Claim) -> int:
    return claim.standing.rank


@strategy("trust", title="most trusted", lost="the winner is trusted more")
def by_trust(claim: Claim) -> float:
    return -claim.trust


@strategy("recency", title="newest", lost="the winner is newer")
def by_recency(claim: Claim) -> float:
    return -claim.contender.recency


@strategy("completeness", title="fullest record", lost="the winner's record tells more")
def by_completeness(claim: Claim) -> int:
    return -claim.contender.completeness


@strategy("stable", title="system and key", lost="equal in everything; system and key decide")
def by_system_and_key(claim: Claim) -> tuple[str, str]:
    return claim.contender.system, claim.contender.key


DEFAULT_ORDER = ("owner", "trust", "recency", "completeness", "stable")
