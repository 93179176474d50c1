"""Entities register themselves, parents first, and know nothing of each other."""

import ast
from pathlib import Path

import pytest
from django.apps import apps

from apps.golden.entity_config import EntityConfig
from apps.golden.registry import entities

FOLDERS = sorted(path for path in Path("apps/entities").iterdir() if (path / "spec.py").exists())


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


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_entities_do_not_import_each_other(folder: Path) -> None:
    siblings = {f"apps.entities.{other.name}" for other in FOLDERS if other != folder}
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}

    assert {name for name in imported if any(name.startswith(sibling) for sibling in siblings)} == set()
