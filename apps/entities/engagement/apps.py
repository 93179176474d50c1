"""Django configuration of the engagement entity."""

from apps.golden.entity_config import EntityConfig


class EngagementConfig(EntityConfig):
    name = "apps.entities.engagement"
    label = "engagement"
    verbose_name = "Engagements"
    default = True  # EntityConfig stands in this module too
