"""Django configuration of ownership, survivorship, merge and unmerge."""

from django.apps import AppConfig


class MasteringConfig(AppConfig):
    name = "apps.mastering"
    label = "mastering"
    verbose_name = "Mastering"
