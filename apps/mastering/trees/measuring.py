"""Amounts of records, per measure and currency, added up without mixing currencies."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from apps.core.bulk import raw_cursor
from apps.golden.documents import column_of, typed_model
from apps.golden.models import GoldenRecord, RecordStatus
from apps.golden.registry import entity
from apps.golden.spec import EntitySpec, Measure
from apps.mastering.trees.contracts import Amounts, When
from apps.mastering.trees.rows import rows_with


def amounts_of(spec: EntitySpec, ids: Sequence[str], when: When) -> dict[str, Amounts]:
    """Return the own amounts of each of these records, one statement a measure."""
    found: dict[str, dict[str, dict[str, Decimal]]] = {}
    for measure in spec.trees.measures if spec.trees else ():
        for record, currency, amount in _sums(measure, ids, when.as_of):
            found.setdefault(record, {}).setdefault(measure.name, {})[currency] = amount
    return dict(found)


def added_up(parts: Iterable[Amounts]) -> Amounts:
    """Return the sum of amounts, measure by measure and currency by currency."""
    total: dict[str, dict[str, Decimal]] = {}
    for part in parts:
        for measure, by_currency in part.items():
            sums = total.setdefault(measure, {})
            for currency, amount in by_currency.items():
                sums[currency] = sums.get(currency, Decimal(0)) + amount
    return total


def _sums(measure: Measure, ids: Sequence[str], as_of: datetime | None) -> list[tuple[str, str, Decimal]]:
    model = typed_model(entity(measure.entity))
    reference = sql.Identifier(column_of(model, measure.reference) if measure.reference else "record_id")
    amount: sql.Composable = sql.Identifier("t", column_of(model, measure.amount))
    asked: dict[str, Any] = {"ids": [UUID(each) for each in ids], "as_of": as_of}
    if measure.negative:
        name, asked["negative"] = measure.negative
        amount = sql.SQL("CASE WHEN t.{} = %(negative)s THEN -abs({}) ELSE {} END").format(
            sql.Identifier(name), amount, amount
        )
    conditions: list[sql.Composable] = [
        sql.SQL("{} IS NOT NULL").format(sql.Identifier("t", column_of(model, measure.amount)))
    ]
    if measure.states:
        conditions.append(sql.SQL("t.status = ANY(%(states)s)"))
        asked["states"] = list(measure.states)
    rows = rows_with(model, column_of(model, measure.reference) if measure.reference else "record_id", as_of)
    statement = sql.SQL(
        "WITH t AS (SELECT * FROM {rows} r) SELECT t.{reference}::text, coalesce(t.{currency}, ''), sum({amount})"
        " FROM t JOIN {headers} h ON h.id = t.record_id WHERE h.status = %(live)s AND {conditions} GROUP BY 1, 2"
    ).format(
        rows=rows,
        reference=reference,
        currency=sql.Identifier(measure.currency),
        amount=amount,
        headers=_headers(as_of),
        conditions=sql.SQL(" AND ").join(conditions),
    )
    with raw_cursor() as cursor:
        cursor.execute(statement, asked | {"live": RecordStatus.LIVE.value})
        return cursor.fetchall()


def _headers(as_of: datetime | None) -> sql.Composable:
    if as_of is None:
        return sql.Identifier(GoldenRecord._meta.db_table)
    return sql.SQL(
        "LATERAL (SELECT id, status FROM golden_historicalgoldenrecord was WHERE was.id = t.record_id"
        " AND was.history_date <= %(as_of)s ORDER BY history_date DESC, history_id DESC LIMIT 1)"
    )
