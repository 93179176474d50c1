"""From standardized values to the columns of the engine."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.golden.spec import Document, EntitySpec
from apps.matching.engine import Table

Cell = str | list[str] | None


def table_of(spec: EntitySpec, ids: Sequence[UUID], documents: Sequence[Document]) -> Table:
    """Return one row per record with the columns that the spec's match features name."""
    columns = {
        feature.name: [cell_of(document, feature.path) for document in documents]
        for feature in spec.match.features
    }
    return Table(ids=list(ids), columns=columns)


def cell_of(document: Mapping[str, Any], path: str) -> Cell:
    """Return the value at "attribute" or all values at "collection.column"."""
    name, _, column = path.partition(".")
    if not column:
        return _text(document.get(name))
    values = [text for item in document.get(name) or () if (text := _text(item.get(column)))]
    unique = list(dict.fromkeys(values))
    return None if not unique else unique[0] if len(unique) == 1 else unique


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, dict):  # a reference that is not resolved: system and key stand for it
        return f"{value.get('system')}:{value.get('key')}"
    return str(value)


def types_of(spec: EntitySpec) -> dict[str, str]:
    return {feature.name: feature.type for feature in spec.match.features}
