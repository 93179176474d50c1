"""Entities register themselves, parents first."""

from pathlib import Path

from django.apps import apps

from apps.golden.entity_config import EntityConfig
from apps.golden.registry import entities


def test_parents_are_registered_before_children() -> None:
    assert entities.names()[:6] == ("customer", "resource", "engagement", "project", "invoice", "vehicle")
    for position, spec in enumerate(entities.values()):
        earlier = entities.names()[: position + 1]
        assert {attribute.references for attribute in spec.references()} <= set(earlier)


def test_every_registered_entity_is_one_folder() -> None:
    for name in entities.names():
        config = apps.get_app_config(name)
        assert isinstance(config, EntityConfig)
        files = {path.name for path in Path(config.path).iterdir()}
        assert {"apps.py", "model.py", "spec.py", "migrations"} <= files


def test_prefixes_of_codes_differ() -> None:
    prefixes = [spec.code_prefix for spec in entities.values()]

    assert sorted(prefixes) == ["CUS", "ENG", "INV", "PRJ", "RES", "VEH"]
