"""Django configuration of the resource entity."""

from django.apps import AppConfig


class ResourceConfig(AppConfig):
    name = "apps.entities.resource"
    label = "resource"
    verbose_name = "Resources"
