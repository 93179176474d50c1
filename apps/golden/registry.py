"""The registered entities, in the order they were registered: parents before children."""

from apps.core.registry import Registry
from apps.golden.spec import EntitySpec

entities: Registry[EntitySpec] = Registry("entity")


def entity(name: str) -> EntitySpec:
    """Return the spec of an entity; an unknown name is an error that lists the known ones."""
    return entities.get(name)
