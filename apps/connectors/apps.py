"""Django configuration of the systems the hub talks to."""

from importlib import import_module

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "apps.connectors"
    label = "connectors"
    verbose_name = "Connectors"

    def ready(self) -> None:
        import_module("apps.connectors.systems")
