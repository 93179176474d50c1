"""Django configuration of the engagement entity."""

from django.apps import AppConfig


class EngagementConfig(AppConfig):
    name = "apps.entities.engagement"
    label = "engagement"
    verbose_name = "Engagements"
