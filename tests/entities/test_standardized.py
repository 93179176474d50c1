"""What standardizing leaves of any input can be stored: no source value breaks a constraint of a typed table."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from apps.core.bulk import raw_cursor
from apps.golden.documents import load_documents
from apps.golden.registry import entity
from apps.golden.spec import Attribute, EntitySpec, Kind
from apps.golden.writers import write_documents
from apps.quality.services import standardize_records
from tests.entities.records import FULL, add_header

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG = "Überlang " * 400
NASTY: list[Any] = [
    "", " ", "0", "-1", "-0.0", "00", "1e400", "1e15", "9" * 15, "9" * 30, "-" + "9" * 18, "12.3456789", "NaN", "∞",
    "(1,234.50)", "EUR 5", "€", "$", "eur", "EURO", "ZZZ", "united kingdom", "EL", "XK", "uk", "fr", "9999-12-31",
    "0000-00-00", "31.02.2026", "2026-13-01", "1899-12-30", "12/31/2026", "45000", "+44 20 7946 0958 x12345",
    "020 7946 0958", "+999999999999999999", "a@b", "a@b.fr, c@d.fr", "<Ann@Firm.COM>", "http://www.firm.fr/x?y",
    "bücher.de", "localhost", "=SUM(A1)", "active", "ACTIVE", "Part-Paid", "yes", "maybe", "a\u0000b", "\ud800",
    "😀" * 90,
    LONG, LONG.replace(" ", ""), "7" * 300, True, False, 0, -5, 12.5, 10**40, 1e308, None, [], {}, {"a": 1}, ["x"],
]  # fmt: skip


def record_of(spec: EntitySpec, value: Any) -> dict[str, Any]:
    """Return a record whose every attribute, and every column of one item each, is this value."""
    items = {c.name: [{column.name: value for column in c.columns}] for c in spec.collections}
    return {attribute.name: value for attribute in spec.attributes} | items


def storable(spec: EntitySpec, values: dict[str, Any]) -> dict[str, Any]:
    """Return standardized values as mastering stores them: with a state, here without references."""

    def kept(attributes: tuple[Attribute, ...], values: dict[str, Any]) -> dict[str, Any]:
        references = {attribute.name for attribute in attributes if attribute.kind is Kind.REFERENCE}
        return {name: value for name, value in values.items() if name not in references and value is not None}

    document = kept(spec.attributes, values)
    for collection in spec.collections:
        if collection.name in document:
            document[collection.name] = [kept(collection.columns, item) for item in document[collection.name]]
    return {**document, "status": document.get("status") or spec.lifecycle.initial}


@pytest.mark.parametrize("name", FULL)
def test_whatever_a_source_holds_can_be_stored(name: str) -> None:
    spec = entity(name)
    results = standardize_records(spec=spec, records=[record_of(spec, value) for value in NASTY])
    documents = {add_header(name).pk: storable(spec, result.values) for result in results}

    with raw_cursor() as cursor:
        write_documents(cursor, spec, documents, now=NOW)
    connection.check_constraints()

    stored = load_documents(spec, documents)
    for key, document in documents.items():
        scalars = {a.name for a in spec.attributes}
        expected = {name: value for name, value in document.items() if name in scalars}
        assert {name: value for name, value in stored[key].items() if name in scalars} == expected


@pytest.mark.parametrize("name", FULL)
def test_golden_values_are_standardized_already(name: str) -> None:
    spec = entity(name)
    [result] = standardize_records(spec=spec, records=[FULL[name]])

    assert storable(spec, result.values) == storable(spec, FULL[name])
