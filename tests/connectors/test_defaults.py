"""The shipped documents: they compile, fit what they are for, and their references resolve."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.connectors.mappings import Layout, MappedRecord, OutboundMapping, compile_layout, compile_mapping
from apps.connectors.sandbox import start_sandbox
from apps.connectors.sandbox.netsuite_objects import OBJECTS as NETSUITE
from apps.connectors.sandbox.salesforce_objects import OBJECTS as SALESFORCE
from apps.connectors.services.seeding import DEFAULTS, default_documents
from apps.golden.registry import entity

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def layouts() -> dict[str, Layout]:
    compiled = [compile_layout(text) for text in default_documents() if text.startswith("layout")]
    return {one.name: one for one in compiled}


def mappings() -> dict[str, OutboundMapping]:
    compiled = [compile_mapping(text) for text in default_documents() if text.startswith("mapping")]
    return {one.name: one for one in compiled}


def test_files_are_named_after_their_documents() -> None:
    assert {path.stem for path in DEFAULTS.glob("*.yaml")} == {*layouts(), *mappings()}


def test_layouts_fill_attributes_that_exist() -> None:
    for one in layouts().values():
        for block in one.blocks:
            spec = entity(block.entity)
            known = {attribute.name for attribute in spec.attributes} | {
                item.name for item in spec.collections
            }
            wanted = {name for name, _, _ in block.fields} | {name for name, _ in block.collections}
            assert wanted - known == set(), one.name
            for name, sources in block.collections:
                columns = {column.name for column in spec.collection(name).columns}
                used = {attribute for source in sources for attribute, _, _ in source.fields}
                assert used - columns == set(), (one.name, name)


def test_mappings_read_attributes_that_exist() -> None:
    for one in mappings().values():
        spec = entity(one.entity)
        known = {attribute.name for attribute in spec.attributes} | {item.name for item in spec.collections}
        assert {field.hub.column for field in one.fields if field.hub} - known == set(), one.name
        assert one.deactivation, one.name


def test_mappings_fit_the_sandboxes() -> None:
    for one in mappings().values():
        kind = {"salesforce": SALESFORCE, "netsuite": NETSUITE}[one.system][one.object]
        for field in one.fields:
            name = field.remote.column
            described = kind.field(name) or kind.relation(name)
            assert described is not None or name == "externalId", (one.name, name)
            if described and described.length and field.pushes and field.max:
                assert field.max <= described.length, (one.name, name)


def test_requirements_name_mappings_that_exist() -> None:
    known = mappings()
    for one in known.values():
        for ref, name in one.requires:
            assert name in known, (one.name, ref)


def unresolved(records: list[MappedRecord]) -> Counter[str]:
    """Count references to keys that no record has."""
    keys = {(one.entity, one.key) for one in records}
    missing: Counter[str] = Counter()
    for one in records:
        spec = entity(one.entity)
        for attribute in spec.attributes:
            value = one.values.get(attribute.name)
            if isinstance(value, dict) and (attribute.references, value["key"]) not in keys:
                missing[f"{one.entity}.{attribute.name}"] += 1
        for line in one.values.get("lines", ()):
            if ("project", line["project"]["key"]) not in keys:
                missing["invoice.lines.project"] += 1
    return missing


def rows_of_spend() -> Iterator[dict[str, Any]]:
    for path in sorted((SHARED / "public-spend").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                yield {**row, "$row": number}


def test_public_spend_resolves_from_line_to_customer() -> None:
    if not SHARED.exists():
        pytest.skip("the public data is not on this machine")
    layout = layouts()["bis.spend"]
    records: list[MappedRecord] = []
    skipped: Counter[str | None] = Counter()
    for row in rows_of_spend():
        skipped[layout.skip_reason(row)] += 1
        records.extend(layout.map(row))
    assert sum(skipped.values()) == 13_323
    assert skipped == {
        None: 5186,
        "expenses of staff belong to no organisation": 5757,
        "the row is blank": 2380,
    }
    assert [one for one in records if one.errors] == []
    distinct = Counter(kind for kind, _ in {(one.entity, one.key) for one in records})
    assert distinct == {"customer": 925, "engagement": 925, "project": 1221, "invoice": 4254}
    assert unresolved(records) == {}
    projects = {one.key: one for one in records if one.entity == "project"}
    for invoice in (one for one in records if one.entity == "invoice"):
        for line in invoice.values["lines"]:
            assert projects[line["project"]["key"]].values["customer"] == invoice.values["bill_to"]


def test_public_contracts_resolve() -> None:
    if not SHARED.exists():
        pytest.skip("the public data is not on this machine")
    layout = layouts()["ocds.releases"]
    lines = (SHARED / "public-contracts" / "releases.jsonl").read_text().splitlines()
    records = [record for line in lines for record in layout.map(json.loads(line))]
    assert [one for one in records if one.errors] == []
    distinct = Counter(kind for kind, _ in {(one.entity, one.key) for one in records})
    assert distinct == {"customer": 526, "engagement": 143, "project": 143}
    assert unresolved(records) == {}


@pytest.mark.parametrize("name", ["salesforce", "netsuite"])
def test_sandbox_pages_show_every_object(name: str) -> None:
    running = start_sandbox(name)
    try:
        objects = {one.object for one in mappings().values() if one.system == name}
        assert objects <= set(running.system.objects)
    finally:
        running.stop()
