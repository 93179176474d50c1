"""Personal attributes and who sees them: paths of a spec, and documents with them taken out."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from apps.accounts.contracts import Principal
from apps.accounts.roles import Capability
from apps.golden.spec import Document, EntitySpec


def sees_personal(principal: Principal) -> bool:
    return principal.may(Capability.UNMASK)


@lru_cache(maxsize=256)
def personal_columns(spec: EntitySpec) -> Mapping[str, frozenset[str] | None]:
    """Return attribute name to None, collection name to its personal columns."""
    paths: dict[str, frozenset[str] | None] = {a.name: None for a in spec.attributes if a.personal}
    for collection in spec.collections:
        if columns := frozenset(column.name for column in collection.columns if column.personal):
            paths[collection.name] = columns
    return paths


@lru_cache(maxsize=256)
def personal_paths(spec: EntitySpec) -> tuple[str, ...]:
    """Return the paths a masked answer lists: "phone", "contacts.email"."""
    flat: list[str] = []
    for name, columns in personal_columns(spec).items():
        flat.extend([name] if columns is None else [f"{name}.{column}" for column in sorted(columns)])
    return tuple(sorted(flat))


def has_personal_title(spec: EntitySpec) -> bool:
    return spec.title_attribute in personal_columns(spec)


def masked_value(spec: EntitySpec, name: str, value: Any) -> Any:
    """Return one attribute's value, or items of one collection, without what is personal."""
    columns = personal_columns(spec).get(name, frozenset())
    if columns is None:
        return None
    if isinstance(value, list):
        return [masked_item(item, columns) for item in value]
    if isinstance(value, Mapping):
        return masked_item(value, columns)
    return value


def masked_item(item: Any, columns: frozenset[str]) -> Any:
    if not isinstance(item, Mapping):
        return None if columns else item
    return {name: None if name in columns else value for name, value in item.items()}


def masked_document(spec: EntitySpec, document: Document) -> Document:
    """Return a document whose personal attributes are null, in items too."""
    return {name: masked_value(spec, name, value) for name, value in document.items()}
