"""Simulations of rules on live golden records: how long a steward waits for what a draft would do."""

import resource
import time
from collections.abc import Callable
from itertools import chain
from typing import TypedDict

from apps.core.clock import utcnow
from apps.golden.models import GoldenRecord, RecordStatus
from apps.mastering.models import OwnershipRule, SurvivorshipRule
from apps.mastering.services import (
    OwnershipCell,
    SurvivorshipCell,
    draft_ownership,
    draft_survivorship,
    write_ownership_draft,
    write_survivorship_draft,
)
from apps.matching.models import MatchRule
from apps.matching.selectors import rule_summary
from apps.matching.services import RuleEdit, draft_match_rule, edit_match_rule
from apps.pipeline.simulating import Simulated, simulate_rules
from mdm.bench.cpu import cpu_seconds, own_backend
from mdm.bench.databases import Databases
from mdm.bench.figures import Figures
from mdm.bench.pipeline import DATABASE, load_customers

ENTITY = "customer"
NEWEST_FIRST = ("recency", "completeness", "stable")


def run_simulate(databases: Databases, *, rows: int, report: Callable[[str], None]) -> Figures:
    """Simulate a change of each kind on the customers of about `rows` source records of two systems."""
    databases.use(DATABASE)
    golden = GoldenRecord.objects.filter(entity=ENTITY, status=RecordStatus.LIVE)
    if not golden.exists():
        report(f"simulate, loading {rows:,} records")
        load_customers(databases, DATABASE, rows=rows)
    figures: Figures = {"simulate.golden": float(golden.count())}
    for name, drafted in DRAFTS.items():
        tried = drafted()
        report(f"simulate, {name}")
        figures |= {f"simulate.{name}.{what}": value for what, value in _cost(tried).items()}
    figures["simulate.peak_memory_mb"] = sum(
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return figures


class Tried(TypedDict, total=False):
    """A version by its kind: what `simulate_rules` takes."""

    ownership: int
    survivorship: int
    match_rule: int


def _cost(tried: Tried) -> dict[str, float]:
    """Return seconds by the clock, CPU seconds of all processes but the helpers' backends, and what would change."""
    backend = own_backend()
    clock, cpu, postgres = time.perf_counter(), _cpu(), cpu_seconds(backend)
    found: Simulated = simulate_rules(entity_name=ENTITY, now=utcnow(), **tried)
    return {
        "seconds": time.perf_counter() - clock,
        "cpu_seconds": _cpu() - cpu + cpu_seconds(backend) - postgres,
        "changed": float(found.report.golden_changed + found.report.records_merging),
    }


def _cpu() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return float(sum(chain.from_iterable((each.ru_utime, each.ru_stime) for each in used)))


def _ownership() -> Tried:
    """Turn the order of owners around in every cell."""
    draft = draft_ownership(note="bench", now=utcnow())
    rules = OwnershipRule.objects.filter(matrix=draft, entity=ENTITY)
    cells = {
        (rule.group, rule.state): OwnershipCell(tuple(reversed(rule.owners)), rule.others, rule.verdicts)
        for rule in rules
    }
    write_ownership_draft(matrix_id=draft.pk, entity_name=ENTITY, cells=cells)
    return {"ownership": draft.pk}


def _survivorship() -> Tried:
    """Let the newest value win everywhere."""
    draft = draft_survivorship(note="bench", now=utcnow())
    groups = SurvivorshipRule.objects.filter(policy=draft, entity=ENTITY).values_list("group", "whole")
    cells = {group: SurvivorshipCell(NEWEST_FIRST, whole) for group, whole in groups}
    write_survivorship_draft(policy_id=draft.pk, entity_name=ENTITY, cells=cells)
    return {"survivorship": draft.pk}


def _thresholds() -> Tried:
    """Ask for much less evidence."""
    draft = draft_match_rule(entity_name=ENTITY, match=0.5, review=0.05, note="bench", now=utcnow())
    return {"match_rule": draft.pk}


def _weights() -> Tried:
    """Let every agreement of the first attribute weigh half a bit more."""
    draft = draft_match_rule(entity_name=ENTITY, note="bench", now=utcnow())
    edit_match_rule(rule_id=draft.pk, edit=RuleEdit(weights=_heavier(draft)), reason="bench", now=utcnow())
    return {"match_rule": draft.pk}


def _heavier(draft: MatchRule) -> dict[str, tuple[float, ...]]:
    first = rule_summary(draft).attributes[0]
    middle = len(first.weights) // 2
    return {first.name: tuple(w + 0.5 * (at >= middle) for at, w in enumerate(first.weights))}


DRAFTS: dict[str, Callable[[], Tried]] = {
    "ownership": _ownership,
    "survivorship": _survivorship,
    "thresholds": _thresholds,
    "weights": _weights,
}
