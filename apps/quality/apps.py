"""Django configuration of standardizers, validation rules and scorecards."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register

from apps.quality.checks import check_specs


class QualityConfig(AppConfig):
    name = "apps.quality"
    label = "quality"
    verbose_name = "Data quality"

    def ready(self) -> None:
        import_module("apps.quality.standardizers")
        import_module("apps.quality.rules")
        register(check_specs)
