"""Django configuration of the golden header, entity specs and provenance."""

from django.apps import AppConfig


class GoldenConfig(AppConfig):
    name = "apps.golden"
    label = "golden"
    verbose_name = "Golden records"
