"""Mask personal attributes in what attempts keep of payloads and answers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from apps.connectors.mappings import OutboundMapping
from apps.golden.spec import Document, EntitySpec

MASK = "•••"
_SHORTEST = 4
"""Shorter personal values (initials, grades) are masked by their field only: as text they are everywhere."""
_SELECTOR = re.compile(r"\[[^\]]*\]")
_NOISE = re.compile(r"[\W_]+")


def _squeezed(value: object) -> str:
    return _NOISE.sub("", str(value)).casefold()


def personal_paths(spec: EntitySpec) -> dict[str, frozenset[str] | None]:
    """Return attribute name to None when all of it is personal, else to a collection's personal columns."""
    paths: dict[str, frozenset[str] | None] = {a.name: None for a in spec.attributes if a.personal}
    for collection in spec.collections:
        columns = frozenset(column.name for column in collection.columns if column.personal)
        if columns:
            paths[collection.name] = columns
    return paths


class Masker:
    """Masks one golden record's payloads: by mapped field, and wherever a personal value shows up."""

    def __init__(self, spec: EntitySpec | None, document: Document, *mappings: OutboundMapping) -> None:
        self._paths = personal_paths(spec) if spec else {}
        self._mappings = mappings
        self._values = sorted(_personal_values(self._paths, document), key=len, reverse=True)
        self._squeezed = {s for s in map(_squeezed, self._values) if len(s) >= _SHORTEST}

    def payload(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of a payload that may be stored."""
        masked = {name: self._by_value(value) for name, value in body.items()}
        for mapping in self._mappings:
            self._mask_mapped(mapping, masked)
        return masked

    def _mask_mapped(self, mapping: OutboundMapping, masked: dict[str, Any]) -> None:
        for field in mapping.fields:
            names = [step.name for step in field.hub.steps if step.kind == "key"] if field.hub else []
            if names and self._is_personal(names):
                _mask_at(masked, field.remote)
        for part in mapping.lists:
            items = part.remote.get(masked)
            for field in part.fields if isinstance(items, list) else ():
                if field.hub and self._is_personal([part.collection, field.hub.column]):
                    for item in items:
                        _mask_at(item, field.remote)

    def text(self, text: str) -> str:
        """Return a message of the target without the personal values it repeats."""
        for value in self._values:
            if len(value) >= _SHORTEST:
                text = re.sub(re.escape(value), MASK, text, flags=re.IGNORECASE)
        return text

    def is_personal(self, path: str) -> bool:
        """Tell whether the attribute at a hub path (`addresses[kind=registered].city`) is personal."""
        return self._is_personal(_SELECTOR.sub("", path).split("."))

    def _is_personal(self, names: list[str]) -> bool:
        columns = self._paths.get(names[0], frozenset())
        return columns is None or (len(names) > 1 and names[1] in columns)

    def _by_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._by_value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._by_value(inner) for inner in value]
        if isinstance(value, str) and any(personal in _squeezed(value) for personal in self._squeezed):
            return MASK
        return value


def _personal_values(paths: Mapping[str, frozenset[str] | None], document: Document) -> Iterable[str]:
    for name, columns in paths.items():
        value = document.get(name)
        if columns is None:
            yield from _texts(value)
        else:
            for item in value or ():
                for column in columns:
                    yield from _texts(item.get(column))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _mask_at(body: dict[str, Any], path: Any) -> None:
    """Replace what stands at a path, if something does."""
    if path.get(body):
        path.put(body, MASK)
