"""From standardized values to the columns of the engine."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.golden.spec import Attribute, Document, EntitySpec
from apps.matching.engine import Table
from apps.sources.selectors import resolve_keys

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
    # A reference that is not resolved says nothing: two systems call one thing by different keys.
    return None if value is None or isinstance(value, dict) else str(value)


def with_golden_references(spec: EntitySpec, documents: Mapping[UUID, Document]) -> dict[UUID, Document]:
    """Return the documents with the references among the features as golden ids, where the crosswalk knows them."""
    named = [
        attribute
        for attribute in spec.references()
        if attribute.name in {f.path for f in spec.match.features}
    ]
    held = {
        (value["system"], attribute.references, str(value["key"]))
        for document in documents.values()
        for attribute in named
        if isinstance(value := document.get(attribute.name), dict)
    }
    known = resolve_keys(sorted(held))
    return {record: {**document, **_golden(named, document, known)} for record, document in documents.items()}


def _golden(
    named: Sequence[Attribute], document: Document, known: Mapping[tuple[str, str, str], UUID]
) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for attribute in named:
        if isinstance(value := document.get(attribute.name), dict):
            golden = known.get((value["system"], attribute.references, str(value["key"])))
            found[attribute.name] = str(golden) if golden else None
    return found


def types_of(spec: EntitySpec) -> dict[str, str]:
    return {feature.name: feature.type for feature in spec.match.features}
