"""A full document of each entity goes into the typed tables and comes back equal, with history."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from apps.core.bulk import raw_cursor
from apps.golden.documents import item_model, load_documents, typed_model
from apps.golden.registry import entities, entity
from apps.golden.writers import write_documents
from tests.entities.records import FULL, IDS, PARENTS, add_header, add_row

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def write(name: str, document: dict[str, Any]) -> None:
    with raw_cursor() as cursor:
        write_documents(cursor, entity(name), {IDS[name]: document}, now=NOW)


def add_all_but(name: str) -> None:
    for other in IDS:
        add_row(other, PARENTS[other])
        if other != name:
            add_row(other, IDS[other])
    add_header(name, IDS[name])


@pytest.mark.parametrize("name", FULL)
def test_the_samples_are_full(name: str) -> None:
    spec = entities.get(name)
    parts = {attribute.name for attribute in spec.attributes} | {c.name for c in spec.collections}

    assert set(FULL[name]) == parts
    for collection in spec.collections:
        filled = {column for item in FULL[name][collection.name] for column in item}
        assert filled == {column.name for column in collection.columns}


@pytest.mark.parametrize("name", FULL)
def test_a_full_document_comes_back_equal(name: str) -> None:
    add_all_but(name)
    document = {**deepcopy(FULL[name]), "provenance": {"status": {"system": "netsuite"}}}

    write(name, document)

    assert load_documents(entity(name), [IDS[name]]) == {IDS[name]: document}


@pytest.mark.parametrize("name", FULL)
def test_each_change_of_a_document_is_one_history_row(name: str) -> None:
    spec = entity(name)
    add_all_but(name)
    history = typed_model(spec).history.model.objects.filter(record_id=IDS[name]).order_by("history_id")
    collection = spec.collections[0]
    items = item_model(collection).history.model.objects.filter(record_id=IDS[name]).order_by("history_id")
    count = len(FULL[name][collection.name])

    write(name, FULL[name])
    write(name, FULL[name])
    shorter = {**FULL[name], spec.title_attribute: "Renamed", collection.name: []}
    write(name, shorter)

    assert list(history.values_list("history_type", spec.title_attribute)) == [
        ("+", FULL[name][spec.title_attribute]),
        ("~", "Renamed"),
    ]
    assert list(items.values_list("history_type", flat=True)) == ["+"] * count + ["-"] * count
    assert set(history.values_list("history_date", flat=True)) == {NOW}
    assert collection.name not in load_documents(spec, [IDS[name]])[IDS[name]]
