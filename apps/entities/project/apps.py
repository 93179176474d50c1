"""Django configuration of the project entity."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "apps.entities.project"
    label = "project"
    verbose_name = "Projects"
