"""`simulate_rules`: what a draft would do to the live data; reads only."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from apps.core.errors import Invalid
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entities, entity
from apps.mastering.selectors import ownership_of, survivorship_of
from apps.matching.selectors import any_rule, data_moment, review_outlook
from apps.pipeline.simulating.contracts import SimulationReport
from apps.pipeline.simulating.effects import Effects, effects_of_rules, effects_of_shape
from apps.pipeline.simulating.jobs import Rules
from apps.pipeline.simulating.progress import Progress, reading_only, silently
from apps.pipeline.simulating.reporting import (
    kinds_of,
    live_counts,
    merges_of,
    money_touched,
    splits_of,
    target_counts,
    value_counts,
    value_examples,
)
from apps.pipeline.simulating.shape import shape_of_rule
from apps.pipeline.simulating.tally import Outcome
from apps.pipeline.simulating.worth import Amounts, amounts_of


@dataclass(frozen=True)
class Simulated:
    """A report, and what became of every golden record that would be another."""

    report: SimulationReport
    outcomes: Mapping[UUID, Outcome]


def simulate_rules(
    *,
    entity_name: str = "",
    match_rule: int | None = None,
    ownership: int | None = None,
    survivorship: int | None = None,
    now: datetime,
    progress: Progress = silently,
) -> Simulated:
    """Tell what versions of rules (ids; drafts too) would do to the live data once active and all is computed again.

    A match rule concerns its entity; ownership and survivorship the named one, or all where none is named. Runs in a
    transaction that PostgreSQL keeps from writing. Raises Invalid when nothing is to be tried.
    """
    if match_rule is None and ownership is None and survivorship is None:
        raise Invalid("Name a version of a match rule, an ownership matrix or survivorship rules.")
    began = time.monotonic()
    with reading_only() as snapshot:
        rules = Rules(
            ownership_of(ownership, on=now.date()) if ownership is not None else None,
            survivorship_of(survivorship, moment=now) if survivorship is not None else None,
        )
        if match_rule is not None:
            found = _of_match_rule(match_rule, rules, snapshot=snapshot, now=now, progress=progress)
        else:
            found = _of_values(entity_name, rules, snapshot=snapshot, now=now, progress=progress)
    return replace(found, report=replace(found.report, seconds=round(time.monotonic() - began, 2)))


def _of_match_rule(
    rule_id: int, rules: Rules, *, snapshot: str, now: datetime, progress: Progress
) -> Simulated:
    rule = any_rule(rule_id)
    spec = entity(rule.entity)
    if spec.match.strategy != "fuzzy":
        raise Invalid(
            f"{spec.plural.capitalize()} are matched by {spec.match.strategy}; rules only suggest there."
        )
    moment = {spec.name: data_moment(entity_name=spec.name)}
    shape = shape_of_rule(spec, rule, progress)
    effects = effects_of_shape(spec, shape, rules, snapshot=snapshot, now=now, progress=progress)
    progress("counting reviews, deliveries and money", 0.9)
    reviews = review_outlook(spec=spec, edges=shape.outlook.edges, after=shape.after)
    vetoed = {record for group, _ in shape.vetoed for record in group}
    amounts = amounts_of(spec, {*shape.touched, *effects.losers, *shape.left, *vetoed})
    report = replace(
        _report(spec.name, effects, {key: found for key, found in amounts.items() if key not in vetoed}),
        subject=f"{spec.label} match rule v{rule.version}",
        records=shape.outlook.records,
        pairs=shape.outlook.pairs,
        merged=tuple(tuple(map(str, group)) for group in shape.merged),
        left=tuple((str(home), tuple(map(str, leaving))) for home, leaving in shape.left.items()),
        vetoed=len(shape.vetoed),
        merges=merges_of(shape, amounts),
        splits=splits_of(shape, amounts),
        reviews_opened=reviews.opened,
        reviews_closed=reviews.closed,
        reviews_left_out=reviews.left_out,
        moment=moment,
    )
    return Simulated(report, effects.outcomes)


def _of_values(name: str, rules: Rules, *, snapshot: str, now: datetime, progress: Progress) -> Simulated:
    names = [name] if name else [spec.name for spec in entities.values()]
    moment = {each: data_moment(entity_name=each) for each in names}
    ids = {each: _live(each) for each in names}
    effects = effects_of_rules(names, rules, snapshot=snapshot, ids=ids, now=now, progress=progress)
    progress("counting deliveries and money", 0.9)
    parts = [f"ownership v{rules.ownership.version}" if rules.ownership else ""]
    parts.append(f"survivorship v{rules.survivorship.version}" if rules.survivorship else "")
    report = replace(
        _report(name, effects, {}),
        subject=" and ".join(filter(None, parts)),
        records=sum(map(len, ids.values())),
        moment=moment,
    )
    return Simulated(report, effects.outcomes)


def _live(name: str) -> Sequence[UUID]:
    rows = GoldenRecord.objects.filter(entity=name, status=RecordStatus.LIVE)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _report(name: str, effects: Effects, amounts: Amounts) -> SimulationReport:
    """Return what effects come to; `amounts` are those of records that count besides the ones targets hear of."""
    counts = live_counts()
    outcomes = effects.outcomes
    hanging = [amount for listed in amounts.values() for amount in listed]
    hanging += [amount for key, each in outcomes.items() if key not in amounts for amount in each.amounts]
    return SimulationReport(
        entity=name,
        subject="",
        golden=counts[name] if name else sum(counts.values()),
        changed=kinds_of(effects, name),
        values=value_counts(outcomes.values()),
        examples=value_examples(effects),
        held=effects.held,
        deliveries=target_counts(effects, name),
        money=money_touched(hanging),
    )
