"""What differs between two versions of the survivorship rules, value by value."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.golden.registry import entities
from apps.mastering.engine.strategies import DEFAULT_ORDER
from apps.mastering.explaining import STRATEGY_TITLES
from apps.mastering.models import SurvivorshipPolicy, SurvivorshipRule


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of one group's rule before and after, as text."""

    entity: str
    group: str
    what: str
    before: str
    after: str


def survivorship_changes(old: SurvivorshipPolicy, new: SurvivorshipPolicy) -> list[ValueChange]:
    """Return the strategies, "whole" and trust in each system that differ, by entity and group."""
    before, after = _rules(old), _rules(new)
    found = []
    for entity, group in sorted(before.keys() | after.keys()):
        told, tells = (dict(_values(entity, group, side.get((entity, group)))) for side in (before, after))
        found += [
            ValueChange(entity, group, what, told.get(what, ""), tells.get(what, ""))
            for what in told | tells
            if told.get(what) != tells.get(what)
        ]
    return found


def _rules(policy: SurvivorshipPolicy) -> dict[tuple[str, str], SurvivorshipRule]:
    return {
        (rule.entity, rule.group): rule for rule in SurvivorshipRule.objects.filter(policy=policy).order_by()
    }


def _values(entity: str, group: str, rule: Any) -> Iterator[tuple[str, str]]:
    """Yield (what, value); a group without a rule goes by the defaults of its spec."""
    spec = entities.get(entity)
    order = rule.strategies if rule else DEFAULT_ORDER
    whole = rule.whole if rule else spec is not None and group in spec.whole
    yield "strategies", " › ".join(STRATEGY_TITLES[name] for name in order)
    yield "survives", "whole, from one contributor" if whole else "each attribute by itself"
    for name, (points, half_life) in sorted(rule.trust.items()) if rule else ():
        ageing = f", half of it after {half_life:g} days" if half_life else ", no ageing"
        yield f"trust in {name}", f"{points:g}{ageing}"
