"""Add up what a simulation found into its report: counts, names, money; the worthiest first."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.distribution.models import Subscription
from apps.golden.models import GoldenRecord
from apps.pipeline.simulating.contracts import (
    SAMPLE,
    MoneyTouched,
    SimulatedMerge,
    SimulatedSplit,
    TargetCount,
    Touched,
    ValueCount,
    ValueExample,
)
from apps.pipeline.simulating.effects import Effects
from apps.pipeline.simulating.shape import Shape
from apps.pipeline.simulating.tally import Outcome, worthiest
from apps.pipeline.simulating.worth import Amount, Amounts, worth_of
from apps.sources.models import Crosswalk


def value_counts(outcomes: Iterable[Outcome]) -> tuple[ValueCount, ...]:
    """Count, by attribute, the values of records that live before and after."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for outcome in outcomes:
        for name, how in outcome.values:
            counts.setdefault((outcome.entity, name), Counter())[how] += 1
    return tuple(
        ValueCount(name, attribute, found["filled"], found["changed"], found["emptied"])
        for (name, attribute), found in sorted(counts.items(), key=lambda pair: (-pair[1].total(), pair[0]))
    )


def target_counts(effects: Effects, losers_of: str) -> tuple[TargetCount, ...]:
    """Count, by subscription, the golden records whose next version would be sent; a merged one's redirect too."""
    news = {name: len(ids) for name, ids in effects.tally.news().items()}
    if effects.losers:
        news[losers_of] = news.get(losers_of, 0) + len(effects.losers)
    rows = Subscription.objects.filter(active=True, entity__in=news).select_related("connection")
    return tuple(
        TargetCount(row.connection.code, str(row.connection), row.entity, row.mapping, news[row.entity])
        for row in rows.order_by("connection__code", "priority", "entity")
    )


def kinds_of(effects: Effects, entity_name: str) -> tuple[tuple[str, int], ...]:
    """Count the golden records of the simulated entity by what happens to them."""
    counts: Counter[str] = Counter(
        outcome.kind
        for outcome in effects.outcomes.values()
        if outcome.kind != "unchanged" and outcome.entity in (entity_name or outcome.entity,)
    )
    if effects.losers:
        counts["merged"] = len(effects.losers)
    return tuple(sorted(counts.items()))


def money_touched(amounts: Iterable[Amount]) -> tuple[MoneyTouched, ...]:
    """Add up measures of records, each currency for itself."""
    sums: dict[tuple[str, str], Decimal] = {}
    records: Counter[tuple[str, str]] = Counter()
    for measure, currency, amount in amounts:
        sums[measure, currency] = sums.get((measure, currency), Decimal(0)) + amount
        records[measure, currency] += 1
    return tuple(
        MoneyTouched(measure, currency, format(total, "f"), records[measure, currency])
        for (measure, currency), total in sorted(sums.items(), key=lambda pair: (pair[0][0], -abs(pair[1])))
    )


class Names:
    """Golden records by name, read once."""

    def __init__(self, ids: Iterable[UUID], amounts: Amounts) -> None:
        self._headers = GoldenRecord.objects.in_bulk(list(set(ids)))
        self._amounts = amounts

    def touched(self, record: UUID, note: str = "") -> Touched:
        header = self._headers.get(record)
        code, title = (header.code, header.title) if header else ("new", "a new golden record")
        return Touched(str(record), code, title, round(worth_of(self._amounts, record), 2), note)


def merges_of(shape: Shape, amounts: Amounts) -> tuple[SimulatedMerge, ...]:
    """Name the merges, the worthiest first; vetoed ones after those that would happen."""
    groups = [(group, "") for group in shape.merged] + list(shape.vetoed)
    ranked = sorted(
        groups, key=lambda pair: (bool(pair[1]), -sum(worth_of(amounts, r) for r in pair[0]), pair[0])
    )[:SAMPLE]
    names = Names((record for group, _ in ranked for record in group), amounts)
    return tuple(
        SimulatedMerge(
            tuple(names.touched(record) for record in group),
            round(sum(worth_of(amounts, record) for record in group), 2),
            veto,
        )
        for group, veto in ranked
    )


def splits_of(shape: Shape, amounts: Amounts) -> tuple[SimulatedSplit, ...]:
    """Name the golden records that lose members, the worthiest first, and where those would go."""
    ranked = sorted(shape.left.items(), key=lambda pair: (-worth_of(amounts, pair[0]), pair[0]))[:SAMPLE]
    sources = [source for _, leaving in ranked for source in leaving]
    keys = {
        row[0]: f"{row[1]} {row[2]}"
        for row in Crosswalk.objects.filter(pk__in=sources).values_list(
            "source_record_id", "system_id", "key"
        )
    }
    names = Names([*(home for home, _ in ranked), *(shape.after[source] for source in sources)], amounts)
    found = []
    for home, leaving in ranked:
        told = tuple(f"{keys.get(s, s)} → {_where(names, shape.after[s])}" for s in leaving)
        found.append(SimulatedSplit(names.touched(home), told, round(worth_of(amounts, home), 2)))
    return tuple(found)


def _where(names: Names, record: UUID) -> str:
    named = names.touched(record)
    return f"{named.code} {named.title}" if named.code != "new" else named.title


def value_examples(effects: Effects) -> tuple[ValueExample, ...]:
    """Show values before and after, of the worthiest records; personal ones without what they say."""
    ranked = worthiest(effects.examples, SAMPLE)
    headers = GoldenRecord.objects.in_bulk([record for record, _ in ranked])
    found: list[ValueExample] = []
    for record, values in ranked:
        header = headers.get(record)
        if header is not None:
            touched = Touched(str(record), header.code, header.title, round(values.worth, 2))
            found += [ValueExample(touched, header.entity, *each) for each in values.listed]
    return tuple(found[:SAMPLE])


def live_counts() -> Mapping[str, int]:
    """Return how many live golden records each entity has."""
    rows = GoldenRecord.objects.filter(status="live")
    counts: Counter[Any] = Counter(rows.values_list("entity", flat=True))
    return counts
