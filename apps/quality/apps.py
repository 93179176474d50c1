"""Django configuration of standardizers, validation rules and scorecards."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "apps.quality"
    label = "quality"
    verbose_name = "Data quality"
