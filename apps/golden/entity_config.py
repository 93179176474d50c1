"""The AppConfig of an entity plug-in: its table is in `model.py`, its spec in `spec.py`."""

from importlib import import_module
from importlib.util import find_spec
from typing import cast

from django.apps import AppConfig
from django.apps.registry import Apps

from apps.golden.registry import entities


class EntityConfig(AppConfig):
    """Loads `model.py` as the app's models, registers `SPEC` of `spec.py` and the `invariants.py` there may be."""

    def import_models(self) -> None:
        registry = cast(Apps, self.apps)  # set by the registry that is calling
        self.models = registry.all_models[self.label]
        self.models_module = import_module(f"{self.name}.model")

    def ready(self) -> None:
        if find_spec(f"{self.name}.invariants"):
            import_module(f"{self.name}.invariants")
        spec = import_module(f"{self.name}.spec").SPEC
        if spec.name not in entities:
            entities.add(spec.name, spec)
