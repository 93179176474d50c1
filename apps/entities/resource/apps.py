"""Django configuration of the resource entity."""

from apps.golden.entity_config import EntityConfig


class ResourceConfig(EntityConfig):
    name = "apps.entities.resource"
    label = "resource"
    verbose_name = "Resources"
    default = True  # EntityConfig stands in this module too
