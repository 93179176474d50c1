"""The shipped documents: they compile, fit what they are for, and their references resolve."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.connectors.contracts import Connector, Write
from apps.connectors.mappings import (
    Layout,
    MappedRecord,
    OutboundMapping,
    Payload,
    compile_layout,
    compile_mapping,
)
from apps.connectors.mappings.documents import read_document
from apps.connectors.mappings.schema import OUTBOUND
from apps.connectors.sandbox import RunningSandbox
from apps.connectors.sandbox.running import SANDBOXES
from apps.connectors.services.seeding import DEFAULTS, default_documents
from apps.golden.registry import entity

STATE = ("dataverse", "hubspot", "netsuite", "salesforce", "sap", "tryton")
EVENTS = ("topic", "webhook")
ENTITIES = ("customer", "engagement", "invoice", "project", "resource")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def layouts() -> dict[str, Layout]:
    compiled = [compile_layout(text) for text in default_documents() if text.startswith("layout")]
    return {one.name: one for one in compiled}


def mappings() -> dict[str, OutboundMapping]:
    compiled = [compile_mapping(text) for text in default_documents() if text.startswith("mapping")]
    return {one.name: one for one in compiled}


def documents() -> list[dict[str, Any]]:
    return [read_document(text, OUTBOUND) for text in default_documents() if text.startswith("mapping")]


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
        used = {field.hub.column for field in one.fields if field.hub} - {one.key_hub}
        assert used - known == set(), one.name
        assert one.deactivation or one.direction == "pull", one.name


def test_every_system_has_every_entity() -> None:
    carried = {(one.system, one.entity) for one in mappings().values()}
    new = (*EVENTS, *(system for system in STATE if system not in ("netsuite", "salesforce")))
    assert {(system, entity) for system in new for entity in ENTITIES} - carried == set()


def test_mappings_fit_the_sandboxes() -> None:
    for one in mappings().values():
        if one.system in EVENTS:
            continue
        kind = SANDBOXES.get(one.system).objects[one.object]
        for field in one.fields:
            name = field.remote.column
            described = kind.field(name) or kind.relation(name)
            tied = one.system == "hubspot" and name in ("companies", "deals")
            assert described is not None or name == "externalId" or tied, (one.name, name)
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


@pytest.mark.parametrize("system", STATE)
def test_the_sandbox_takes_what_the_mappings_make(
    system: str, shared: Callable[..., RunningSandbox], connect: Callable[..., Connector]
) -> None:
    connector = connect(system, shared(system).base_url)
    ours = {one.name: one for one in mappings().values() if one.system == system and one.direction != "pull"}
    tests = {one["mapping"]: one["tests"][0] for one in documents() if one["mapping"] in ours}
    delivered: set[tuple[str, str]] = set()

    def deliver(name: str, ext_id: str) -> None:
        mapping, golden, refs = ours[name], dict(tests[name]["hub"]), tests[name].get("refs", {})
        if refs.get(golden.get("parent")) == ext_id:
            del golden["parent"]
        if (name, ext_id) in delivered:
            return
        delivered.add((name, ext_id))
        if (mapping.key_hub, f"{system}.person") in mapping.requires:
            deliver(f"{system}.person", ext_id)
        for need in mapping.references(golden):
            deliver(
                next(one.name for one in ours.values() if one.entity == need.entity), refs[need.golden_id]
            )
        payload = mapping.to_remote({**golden, "id": ext_id, "mdm_id": ext_id}, refs)
        assert isinstance(payload, Payload)
        (outcome,) = connector.upsert(payload.object, [Write(payload.ext_id, payload.body)])
        assert outcome.status == "created", (mapping.name, outcome)
        (remote,) = connector.fetch(payload.object, [ext_id], mapping.remote_paths)
        assert mapping.drift(payload, remote.values) == [], mapping.name
        assert (
            mapping.from_remote(remote.values).items()
            >= {
                field.hub.text: golden[field.hub.text]
                for field in mapping.fields
                if field.pulls and field.hub and field.hub.text in golden
            }.items()
        )
        again = Write(payload.ext_id, payload.body, native_id=outcome.native_id)
        (repeated,) = connector.upsert(payload.object, [again])
        assert (repeated.status, repeated.native_id) == ("updated", outcome.native_id)

    for name in ours:
        deliver(name, "K-2" if ours[name].entity == "resource" else "K-1")
    assert {name for name, _ in delivered} == set(ours)


@pytest.mark.parametrize("system", STATE)
def test_mappings_fit_what_discover_finds(
    system: str, shared: Callable[..., RunningSandbox], connect: Callable[..., Connector]
) -> None:
    catalog = connect(system, shared(system).base_url).discover()
    for one in mappings().values():
        if one.system == system:
            assert one.check_against(catalog) == [], one.name


def test_the_examples_of_the_description_compile() -> None:
    text = (DEFAULTS.parent / "README.md").read_text()
    layout, mapping = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert compile_layout(layout).name == "toy.deals"
    assert compile_mapping(mapping).name == "salesforce.account"
