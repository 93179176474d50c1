"""All component schemas: the shared ones and those of every registered entity."""

from collections.abc import Mapping
from functools import lru_cache

from apps.api.schema.entity import entity_components
from apps.api.schema.exceptions import exception_components
from apps.api.schema.inbox import inbox_components
from apps.api.schema.known import known_components
from apps.api.schema.matching import matching_components
from apps.api.schema.shared import shared_components
from apps.api.schema.trees import tree_components
from apps.api.schema.values import Schema
from apps.golden.registry import entities
from apps.golden.spec import EntitySpec


def components() -> Mapping[str, Schema]:
    """Return the schemas by component name."""
    return _components(tuple(entities.values()))


@lru_cache(maxsize=4)
def _components(specs: tuple[EntitySpec, ...]) -> Mapping[str, Schema]:
    found = {
        **shared_components(),
        **tree_components(),
        **known_components(),
        **matching_components(),
        **inbox_components(),
        **exception_components(),
    }
    for spec in specs:
        found.update(entity_components(spec))
    return found
