"""Standardize one record: every attribute, every item, then the rules over the whole; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.quality.bounds import is_outside, is_reversed
from apps.quality.compiled import Column, Compiled, Items
from apps.quality.contracts import NOWHERE, PENALTY, Issue, Near, Severity, StandardizedRecord
from apps.quality.registry import standardizers
from apps.quality.standardizers.base import found

Own = tuple[str, str] | None
"""System and key of a source record, None where they are not known."""


def standardize(
    ready: Compiled, record: Mapping[str, Any], near: Near = NOWHERE, own: Own = None
) -> StandardizedRecord:
    """Return the canonical form of a record; what is absent stays absent, what is impossible becomes None."""
    issues: list[Issue] = []
    values: dict[str, Any] = {}
    near = _with_country(near, _country_of(ready, record))
    for items in ready.items:
        name = items.collection.name
        if name in record:
            values[name] = _collection(items, record[name], near, issues)
            if near.country is None and items.is_placed:
                near = _with_country(
                    near, next((i["country"] for i in values[name] if i.get("country")), None)
                )
    for name, value in record.items():
        column = ready.columns.get(name)
        if column is not None:
            values[name] = _value(column, value, near, name, issues)
        elif name not in values:
            issues.append(found("attribute.unknown", "The entity has no such attribute.", None, "info", name))
    _drop_impossible(ready, values, own, issues)
    issues.extend(rule_issues(ready, values, at_source=True))
    return StandardizedRecord(values, tuple(issues), score_of(issues))


def rule_issues(ready: Compiled, values: Mapping[str, Any], *, at_source: bool) -> Iterable[Issue]:
    """Yield what the rules find in canonical values, less severe where a source record may lack its part."""
    for check in ready.checks:
        for issue in check.check(values):
            yield issue._replace(severity=check.at_source) if at_source and check.at_source else issue


def score_of(issues: Iterable[Issue]) -> int:
    """Return 100 less the penalty of each issue, at least 0."""
    return max(0, 100 - sum(PENALTY[issue.severity] for issue in issues))


def _with_country(near: Near, country: str | None) -> Near:
    if country is None or near.country is not None:
        return near
    return Near(country, near.date_order, near.decimal_mark)


def _country_of(ready: Compiled, record: Mapping[str, Any]) -> str | None:
    """Return the country a record names, by an attribute of its own or by its addresses."""
    standardize_country = standardizers.get("country")
    for name in ready.countries:
        if country := standardize_country(record.get(name)).value:
            return str(country)
    for items in ready.items:
        rows = record.get(items.collection.name) if items.is_placed else None
        for row in rows if isinstance(rows, list | tuple) else ():
            if isinstance(row, Mapping) and (country := standardize_country(row.get("country")).value):
                return str(country)
    return None


def _value(column: Column, value: object, near: Near, path: str, issues: list[Issue]) -> Any:
    """Return one standardized value; its issues are filed under `path`."""
    if column.is_owned:
        standard = value
    else:
        result = column.standardize(value, column.near or near)
        if result.issues:
            issues.extend(_under(path, result.issues))
        standard = result.value
    if standard is None:
        return None
    if column.longest is not None and isinstance(standard, str) and len(standard) > column.longest:
        _refuse(issues, path, "value.too_long", f"Longer than {column.longest} characters.", standard)
        return None
    if column.is_bounded and is_outside(standard, column.bounds):
        _refuse(issues, path, "number.out_of_bounds", "Outside the bounds of this attribute.", standard)
        return None
    return standard


def _under(path: str, issues: Iterable[Issue]) -> Iterable[Issue]:
    for issue in issues:
        attribute = f"{path}.{issue.attribute}" if issue.attribute else path
        yield Issue(issue.code, attribute, issue.severity, issue.message, issue.value)


def _refuse(
    issues: list[Issue], path: str, code: str, message: str, value: object, severity: Severity = "downgrade"
) -> None:
    """File an issue about a value that is dropped."""
    issues.append(found(code, message, value, severity, path))


def _collection(items: Items, rows: object, near: Near, issues: list[Issue]) -> list[dict[str, Any]]:
    """Return the standardized items, each identity once, in their order."""
    name = items.collection.name
    if rows is None:
        return []
    if not isinstance(rows, list | tuple):
        _refuse(issues, name, "collection.shape", "A list of items is expected here.", rows)
        return []
    kept: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(rows):
        path = f"{name}[{number}]"
        item = _item(items, row, near, path, issues)
        if item is None:
            continue
        identity = items.collection.identity_of(item)
        if identity not in kept:
            kept[identity] = item
        elif kept[identity] != item:
            _refuse(
                issues, path, "collection.duplicate", "Another item has the same identity.", identity, "warn"
            )
    return list(kept.values())


def _item(items: Items, row: object, near: Near, path: str, issues: list[Issue]) -> dict[str, Any] | None:
    """Return one standardized item; None when nothing of it is left."""
    if not isinstance(row, Mapping):
        _refuse(issues, path, "collection.shape", "An item with named columns is expected here.", row)
        return None
    given: Mapping[str, Any] = row
    if items.standardize is not None:
        result = items.standardize(row, near)
        issues.extend(_under(path, result.issues))
        if result.value is None:
            return None
        given = result.value
    item = {
        column.name: _value(column, given[column.name], near, f"{path}.{column.name}", issues)
        for column in items.columns
        if column.name in given
    }
    for pair in items.periods:
        _drop_reversed(item, pair, path + ".", issues)
    return item if any(value is not None for value in item.values()) else None


def _drop_reversed(values: dict[str, Any], pair: tuple[str, str], path: str, issues: list[Issue]) -> None:
    if is_reversed(values, pair):
        message = f"Before {pair[0].replace('_', ' ')}."
        _refuse(issues, path + pair[1], "period.reversed", message, values[pair[1]])
        values[pair[1]] = None


def _drop_impossible(ready: Compiled, values: dict[str, Any], own: Own, issues: list[Issue]) -> None:
    """Drop the end of a reversed period, and references of a record to itself."""
    for pair in ready.periods:
        _drop_reversed(values, pair, "", issues)
    if own is None:
        return
    for name in ready.own_references:
        if values.get(name) in (own[1], {"system": own[0], "key": own[1]}):
            _refuse(issues, name, "reference.itself", "The record refers to itself.", own[1])
            values[name] = None
