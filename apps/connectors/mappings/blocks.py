"""One record block of a layout at work: from an item of a row to a canonical record, never raising."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from apps.connectors.mappings.conditions import Condition
from apps.connectors.mappings.paths import ABSENT, Getter
from apps.connectors.mappings.records import FieldError, MappedRecord, Mode, sum_items
from apps.connectors.mappings.transforms import TransformError
from apps.connectors.mappings.values import EMPTY, Read, Value

Row = dict[str, Any]
Empty = Literal["absent", "null"]
FieldReader = tuple[str, Read, str]


@dataclass(frozen=True, slots=True)
class Items:
    """The items of one collection that come from one place: a nested list or the row itself."""

    each: Read | None
    when: Condition | None
    fields: tuple[FieldReader, ...]
    constants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Block:
    index: int
    entity: str
    each: Getter | None
    when: Condition | None
    key: Value
    source_version: Value | None
    deleted: Condition | None
    deleted_by: frozenset[str]  # the columns that tell it
    mode: Mode
    empty: Empty
    collect: tuple[str, ...]
    totals: tuple[tuple[str, str, str], ...]
    fields: tuple[FieldReader, ...]
    collections: tuple[tuple[str, tuple[Items, ...]], ...]


def items_of(block: Block, row: Row) -> Sequence[Any]:
    items = [row] if block.each is None else block.each(row, row)
    if not isinstance(items, list):
        items = [items] if isinstance(items, dict) else []
    return items if block.when is None else [item for item in items if block.when(item, row)]


def read_key(block: Block, item: Any, row: Row) -> tuple[str, FieldError | None]:
    try:
        key = block.key.read(item, row)
    except TransformError as error:
        return "", FieldError(block.key.column, "key", str(error))
    if key is None or key is ABSENT or key is EMPTY or isinstance(key, dict | list):
        return "", FieldError(block.key.column, "key", "is empty: this record cannot be told from others")
    return str(key), None


def map_item(system: str, block: Block, item: Any, row: Row, empty: Empty) -> MappedRecord:
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    key, fault = read_key(block, item, row)
    if fault:
        errors.append(fault)
    keep_empty = empty == "null"
    for name, read, column in block.fields:
        try:
            value = read(item, row)
        except TransformError as error:
            errors.append(FieldError(column, name, str(error)))
            continue
        if value is ABSENT or (value is EMPTY and not keep_empty):
            continue
        values[name] = None if value is EMPTY else value
    for name, sources in block.collections:
        found = _collect(name, sources, item, row, errors)
        if found is not None and (found or keep_empty):
            values[name] = found
    add_totals(block, values)
    deleted = block.deleted is not None and block.deleted(item, row)
    version = _read_version(block, item, row, errors)
    return MappedRecord(
        entity=block.entity,
        key=key,
        source_version=version,
        values=values,
        mode=block.mode,
        deleted=deleted,
        errors=tuple(errors),
        system=system,
        block=block.index,
        collect=block.collect,
    )


def _read_version(block: Block, item: Any, row: Row, errors: list[FieldError]) -> str | None:
    if block.source_version is None:
        return None
    try:
        version = block.source_version.read(item, row)
    except TransformError as error:
        errors.append(FieldError(block.source_version.column, "source_version", str(error)))
        return None
    return None if version is None or version is ABSENT or version is EMPTY else str(version)


def _collect(
    name: str, sources: tuple[Items, ...], item: Any, row: Row, errors: list[FieldError]
) -> list[dict[str, Any]] | None:
    """Return the collection's items, None when the row has no column of them at all."""
    collected: list[dict[str, Any]] = []
    seen = False
    for source in sources:
        try:
            nested = _nested(source, item, row)
        except TransformError as error:
            errors.append(FieldError(name, name, str(error)))
            continue
        if nested is None:
            continue
        seen = seen or source.each is not None
        for entry in nested:
            if source.when is not None and not source.when(entry, row):
                continue
            built, touched = _build(name, source, entry, row, errors)
            seen = seen or touched
            if built is not None:
                collected.append(built)
    return collected if seen else None


def _nested(source: Items, item: Any, row: Row) -> list[Any] | None:
    """Return the entries to make items of, None when the row has no such list at all."""
    if source.each is None:
        return [item]
    nested = source.each(item, row)
    if nested is ABSENT:
        return None
    if nested is None or nested is EMPTY:
        return []
    return nested if isinstance(nested, list) else [nested]


def _build(
    name: str, source: Items, entry: Any, row: Row, errors: list[FieldError]
) -> tuple[dict[str, Any] | None, bool]:
    built: dict[str, Any] = {}
    real = touched = False
    for attribute, read, column in source.fields:
        try:
            value = read(entry, row)
        except TransformError as error:
            errors.append(FieldError(column, f"{name}.{attribute}", str(error)))
            touched = True
            continue
        constant = attribute in source.constants
        touched = touched or (not constant and value is not ABSENT)
        if value is None or value is ABSENT or value is EMPTY:
            continue
        built[attribute] = value
        real = real or not constant
    return (built if real else None), touched


def add_totals(block: Block, values: dict[str, Any]) -> None:
    for name, collection, attribute in block.totals:
        if values.get(collection):
            values[name] = sum_items(values[collection], attribute)
