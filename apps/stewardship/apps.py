"""Django configuration of steward tasks, change requests and approvals."""

from django.apps import AppConfig


class StewardshipConfig(AppConfig):
    name = "apps.stewardship"
    label = "stewardship"
    verbose_name = "Stewardship"
