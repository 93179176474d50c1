"""How groups survive: the strategies in their order, and how much each system is trusted.

Trust halves every `half_life_days` of a contribution's age. Age is measured against a stored moment, never the
clock, so that the same members give the same record whenever they are computed (docs/adr/0013).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from apps.golden.spec import EntitySpec
from apps.mastering.engine.ownership import OwnedGroup, Standing
from apps.mastering.engine.strategies import DEFAULT_ORDER, Claim, Contender, strategies

DAY = 86_400.0
FULL = 100.0

LOST_TRUST: Mapping[str, float] = {"warn": 0.1, "downgrade": 0.3, "block": 0.6}
"""Share of its trust that a value loses by a quality issue of a severity; the worst one counts."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Points from 0 to 100 of a system's fresh, faultless values; None: they do not age."""

    points: float = FULL
    half_life_days: float | None = None


FULLY = Trust()


@dataclass(frozen=True, slots=True)
class Ranking:
    """How one attribute group survives. `whole`: all its attributes come from one contributor."""

    strategies: tuple[str, ...] = DEFAULT_ORDER
    whole: bool = False
    trust: Mapping[str, Trust] = field(default_factory=dict)

    def trust_in(self, system: str, role: str) -> Trust:
        """Return the trust in a system. A code beats its role."""
        return self.trust.get(system) or self.trust.get(role) or FULLY


USUAL, USUAL_WHOLE = Ranking(), Ranking(whole=True)


@dataclass(frozen=True, slots=True)
class Survivorship:
    """One version of the survivorship rules; `moment` (seconds since the epoch) is what ages are measured against."""

    version: int = 0
    moment: float = 0.0
    rules: Mapping[tuple[str, str], Ranking] = field(default_factory=dict)

    def of(self, spec: EntitySpec, group: str) -> Ranking:
        return self.rules.get((spec.name, group)) or (USUAL_WHOLE if group in spec.whole else USUAL)

    def replaced(self, spec: EntitySpec, group: str, **changes: object) -> "Survivorship":
        """Return the same rules with one group's ranking changed."""
        changed = replace(self.of(spec, group), **changes)  # type: ignore[arg-type]  # fields of Ranking
        return replace(self, rules={**self.rules, (spec.name, group): changed})


def trusted(contender: Contender, names: Sequence[str], ranking: Ranking, moment: float) -> float:
    """Return how much a contender's values of these attributes are trusted, rounded so that machines agree."""
    if not ranking.trust and not contender.faults:
        return FULL
    trust = ranking.trust_in(contender.system, contender.role)
    points = trust.points
    if trust.half_life_days and contender.recency and moment > contender.recency:
        points *= 0.5 ** ((moment - contender.recency) / DAY / trust.half_life_days)
    if contender.faults:
        points *= 1.0 - max(contender.faults.get(name, 0.0) for name in names)
    return round(points, 3)


def claim_of(
    contender: Contender, standing: Standing, names: Sequence[str], ranking: Ranking, moment: float
) -> Claim:
    return Claim(contender, standing, lambda each: trusted(each, names, ranking, moment))


def in_order(
    contenders: Sequence[Contender], names: Sequence[str], owned: OwnedGroup, ranking: Ranking, moment: float
) -> list[Claim]:
    """Return those whose values may win, the first in line first."""

    def trust(each: Contender) -> float:
        return trusted(each, names, ranking, moment)

    claims = [
        Claim(each, standing, trust)
        for each in contenders
        if (standing := owned.standing(each.system, each.role)).admitted
    ]
    if len(claims) > 1:
        if ranking.strategies != DEFAULT_ORDER:
            return _ranked(claims, ranking.strategies)
        claims.sort(key=_usual_order)
    return claims


def _usual_order(claim: Claim) -> tuple[int, float, float, int, str, str]:
    """Return what the usual strategies sort by, at one go."""
    each = claim.contender
    return claim.standing.rank, -claim.trust, -each.recency, -each.completeness, each.system, each.key


def _ranked(claims: list[Claim], order: tuple[str, ...]) -> list[Claim]:
    """Sort by the first strategy; those it finds equal by the next one."""
    if len(claims) == 1 or not order:
        return claims
    by = strategies.get(order[0]).order
    equals: dict[Any, list[Claim]] = {}
    for claim in claims:
        equals.setdefault(by(claim), []).append(claim)
    if len(equals) == 1:
        return _ranked(claims, order[1:])
    return [claim for key in sorted(equals) for claim in _ranked(equals[key], order[1:])]
