"""Django configuration of the project entity."""

from apps.golden.entity_config import EntityConfig


class ProjectConfig(EntityConfig):
    name = "apps.entities.project"
    label = "project"
    verbose_name = "Projects"
    default = True  # EntityConfig stands in this module too
