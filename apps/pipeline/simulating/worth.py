"""What hangs on golden records: their measures, per currency and in one plain sum to order by."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, typed_model
from apps.golden.registry import entities, entity
from apps.golden.spec import EntitySpec, Measure

Amount = tuple[str, str, Decimal]
"""Measure, currency, amount."""
Amounts = dict[UUID, list[Amount]]


def amounts_of(spec: EntitySpec, ids: Iterable[UUID]) -> Amounts:
    """Return (measure, currency, amount) of each record that has any; one statement a measure."""
    wanted = sorted(set(ids))
    found: Amounts = {}
    measures = spec.match.worth or (spec.trees.measures if spec.trees else ())
    with raw_cursor() as cursor:
        for measure in measures if wanted else ():
            if measure.entity not in entities:
                continue
            cursor.execute(_statement(measure), {"ids": wanted, "states": list(measure.states)})
            for record, currency, amount in cursor:
                if amount:
                    found.setdefault(record, []).append((measure.name, currency or "", amount))
    return found


def _statement(measure: Measure) -> sql.Composed:
    model = typed_model(entity(measure.entity))
    amount: sql.Composable = sql.Identifier(column_of(model, measure.amount))
    if measure.negative:
        name, value = measure.negative
        amount = sql.SQL("CASE WHEN {} = {} THEN -{} ELSE {} END").format(
            sql.Identifier(column_of(model, name)), sql.Literal(value), amount, amount
        )
    reference = column_of(model, measure.reference) if measure.reference else "record_id"
    return sql.SQL(
        "SELECT {reference}, {currency}, sum({amount}) FROM {table} WHERE {reference} = ANY(%(ids)s) {states}"
        " GROUP BY 1, 2"
    ).format(
        reference=sql.Identifier(reference),
        currency=sql.Identifier(column_of(model, measure.currency)),
        amount=amount,
        table=sql.Identifier(model._meta.db_table),
        states=sql.SQL("AND status = ANY(%(states)s)") if measure.states else sql.SQL(""),
    )


def worth_of(amounts: Amounts, record: UUID) -> float:
    """Return the plain sum of a record's measures, currencies mixed: to order by, not to show."""
    return float(sum(abs(amount) for _, _, amount in amounts.get(record, ())))
