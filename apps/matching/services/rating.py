"""Rate open pairs by what an answer is worth: how unsure the rules are, times what hangs on the two records."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg import Cursor, sql

from apps.core.bulk import as_json, copy_rows, raw_cursor
from apps.golden.documents import column_of, item_model, typed_model
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec, Measure
from apps.matching.selectors.rules import NoMatchRule, active_rule

CONTESTED = 0.5
"""Uncertainty of a pair whose own evidence suffices for a match and that something else holds apart."""
UNIT = 1_000.0
"""Money of which as much again is one more point. Currencies are not converted: points are orders of magnitude."""


@dataclass
class Stakes:
    """What hangs on a golden record: amounts by name, records that refer to it by entity."""

    amounts: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    dependants: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, other: "Stakes") -> None:
        for name, amount in other.amounts.items():
            self.amounts[name] += amount
        for name, count in other.dependants.items():
            self.dependants[name] += count

    @property
    def points(self) -> float:
        money = sum(self.amounts.values())
        return math.log2(1 + money / UNIT) + math.log2(1 + sum(self.dependants.values()))


def uncertainty_of(probability: float, match_threshold: float) -> float:
    """Return how unsure a probability is: 1 at one half, 0 at the ends."""
    if probability >= match_threshold:
        return CONTESTED
    return 4.0 * probability * (1.0 - probability)


@transaction.atomic
def rate_open_pairs(*, entity_name: str, now: datetime) -> int:
    """Rate every open pair of an entity anew; return how many changed. A handful of statements, whatever the number."""
    spec = entity(entity_name)
    try:
        threshold = active_rule(entity_name).config.match_threshold
    except NoMatchRule:
        threshold = 1.0
    with raw_cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.probability, l.record_id, r.record_id FROM matching_candidatepair p
            LEFT JOIN sources_crosswalk l ON l.source_record_id = p.left_id
            LEFT JOIN sources_crosswalk r ON r.source_record_id = p.right_id
            WHERE p.entity = %s AND p.status = 'open'
            """,
            (entity_name,),
        )
        rows = cursor.fetchall()
        homes = sorted({home for *_, left, right in rows for home in (left, right) if home})
        stakes = _stakes(cursor, spec, homes)
        rated = [_rated(row, stakes, threshold) for row in rows]
        return _write(cursor, rated)


def _rated(
    row: tuple[UUID, float, UUID | None, UUID | None], stakes: Mapping[UUID, Stakes], threshold: float
) -> tuple[UUID, float, Any]:
    pair, probability, *homes = row
    both = Stakes()
    for home in {each for each in homes if each is not None}:
        both.add(stakes.get(home, Stakes()))
    unsure = uncertainty_of(probability, threshold)
    told = {
        "uncertainty": round(unsure, 3),
        "contested": probability >= threshold,
        "points": round(both.points, 2),
        "amounts": {name: round(amount, 2) for name, amount in sorted(both.amounts.items()) if amount},
        "dependants": {name: count for name, count in sorted(both.dependants.items()) if count},
    }
    return pair, round(unsure * (1 + both.points), 4), as_json(told)


def _write(cursor: Cursor[Any], rated: list[tuple[UUID, float, Any]]) -> int:
    cursor.execute("DROP TABLE IF EXISTS pg_temp.rated_pair")
    cursor.execute("CREATE TEMP TABLE rated_pair (id uuid, value float8, stakes jsonb) ON COMMIT DROP")
    copy_rows(cursor, "rated_pair", ("id", "value", "stakes"), rated)
    cursor.execute(
        """
        UPDATE matching_candidatepair p SET value = r.value, stakes = r.stakes FROM rated_pair r
        WHERE p.id = r.id AND (p.value, p.stakes) IS DISTINCT FROM (r.value, r.stakes)
        """
    )
    return cursor.rowcount


def _stakes(cursor: Cursor[Any], spec: EntitySpec, homes: list[UUID]) -> dict[UUID, Stakes]:
    found: dict[UUID, Stakes] = defaultdict(Stakes)
    for measure in spec.match.worth:
        cursor.execute(_amounts(measure), {"ids": homes, "states": list(measure.states)})
        for home, amount in cursor:
            found[home].amounts[measure.name] += float(amount)
    for other, statement in _references(spec):
        cursor.execute(statement, {"ids": homes})
        for home, count in cursor:
            found[home].dependants[other] += count
    return dict(found)


def _amounts(measure: Measure) -> sql.Composed:
    model = typed_model(entity(measure.entity))
    reference = column_of(model, measure.reference) if measure.reference else "record_id"
    states = sql.SQL("AND t.status = ANY(%(states)s)") if measure.states else sql.SQL("")
    return sql.SQL(
        "SELECT t.{reference}, sum(abs(t.{amount})) FROM {table} t JOIN golden_goldenrecord g ON g.id = t.record_id"
        " WHERE t.{reference} = ANY(%(ids)s) AND t.{amount} IS NOT NULL AND g.status = 'live' {states} GROUP BY 1"
    ).format(
        reference=sql.Identifier(reference),
        amount=sql.Identifier(column_of(model, measure.amount)),
        table=sql.Identifier(model._meta.db_table),
        states=states,
    )


def _references(spec: EntitySpec) -> Iterator[tuple[str, sql.Composed]]:
    """Yield, per attribute or item column of any entity that refers to this one, the statement that counts."""
    count = sql.SQL("SELECT {column}, count(*) FROM {table} WHERE {column} = ANY(%(ids)s) GROUP BY 1")
    for other in entities.values():
        model = typed_model(other)
        for attribute in other.references():
            if attribute.references == spec.name:
                column = sql.Identifier(column_of(model, attribute.name))
                yield other.name, count.format(column=column, table=sql.Identifier(model._meta.db_table))
        for collection, attribute in other.item_references():
            if attribute.references == spec.name:
                items = item_model(collection)
                column = sql.Identifier(column_of(items, attribute.name))
                yield other.name, count.format(column=column, table=sql.Identifier(items._meta.db_table))
