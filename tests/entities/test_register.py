"""docs/invariants.md tells the truth: every constraint stands in it once, every rule it names exists."""

import re
from pathlib import Path

from apps.golden.documents import item_model, typed_model
from apps.golden.models import GoldenRecord
from apps.golden.registry import entities
from apps.quality.registry import rules

TEXT = Path("docs/invariants.md").read_text()
REGISTER = re.findall(r"^\| C(\d+) \| `(\w+)` \|", TEXT, re.MULTILINE)


def test_every_constraint_is_registered_once_and_numbered_in_order() -> None:
    specs = [spec for spec in entities.values() if spec.name != "vehicle"]
    models = [GoldenRecord, *(m for s in specs for m in (typed_model(s), *map(item_model, s.collections)))]
    declared = [constraint.name for model in models for constraint in model._meta.constraints]

    assert [name for _, name in REGISTER] == declared
    assert [int(number) for number, _ in REGISTER] == list(range(1, len(declared) + 1))


def test_all_fourteen_invariants_of_the_model_are_listed() -> None:
    assert re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE) == [str(number) for number in range(1, 15)]


def test_rules_named_in_the_register_exist_and_run() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| \d+ \|", line)]
    named = {
        name
        for row in rows
        for part in re.findall(r"rules? ([^;|]*)", row)
        for name in re.findall(r"`(\w+)`", part)
    }

    assert named <= set(rules.names())
    checked = {name for spec in entities.values() for name in spec.checks}
    assert {name for name in named if not rules.get(name).always} <= checked
    assert "amounts_add_up" in named
