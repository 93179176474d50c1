"""Storing and reading standardized records: set-based, equal rows untouched, scorecards over live records."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from apps.core.ids import uuid7
from apps.quality.contracts import IssueCount, ScoreBand, StandardizedRecord, StoredRecord
from apps.quality.models import StandardRecord
from apps.quality.selectors import issue_counts, score_bands, standardized_values, stored_records
from apps.quality.services import standardize_records, store_standardized
from apps.sources.models import SourceRecord, SourceSystem
from tests.counting import counted_statements
from tests.quality.toy import SPEC

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def land(*keys: str, system: str = "erp", deleted: bool = False) -> list[UUID]:
    """Create bare source records to hang standardized ones on; return their ids."""
    SourceSystem.objects.get_or_create(code=system, defaults={"name": system.upper(), "role": "erp"})
    made = [
        SourceRecord(
            id=uuid7(), system_id=system, entity="toy", key=key, content_hash=b"", layout="toys", layout_version=1,
            complete=True, deleted=deleted, created_at=NOW, changed_at=NOW,
        )
        for key in keys
    ]  # fmt: skip
    SourceRecord.objects.bulk_create(made)
    return [record.id for record in made]


def store(ids: list[UUID], *records: dict[str, object], now: datetime = NOW) -> set[UUID]:
    results = standardize_records(spec=SPEC, records=records)
    return store_standardized(entity="toy", records=zip(ids, results, strict=True), now=now)


def test_a_record_is_stored_with_values_issues_and_score() -> None:
    [key] = land("1")
    assert store([key], {"title": "Acme", "email": "bad@", "phone": None}) == {key}
    row = StandardRecord.objects.get(pk=key)
    assert (row.entity, row.values) == ("toy", {"title": "Acme", "email": None, "phone": None})
    assert row.issues[0] == {
        "code": "email.format",
        "attribute": "email",
        "severity": "downgrade",
        "message": "This is not an e-mail address.",
        "value": "bad@",
    }
    assert (row.score, row.standardized_at) == (85, NOW)
    assert str(row) == f"toy {key}: 85"


def test_equal_rows_are_left_alone_and_changed_ones_replaced() -> None:
    first, second = ids = land("1", "2")
    later = NOW + timedelta(hours=1)
    assert store(ids, {"title": "Acme"}, {"title": "Bolt"}) == {first, second}
    assert store(ids, {"title": " Acme "}, {"title": "Bolt Ltd"}, now=later) == {second}
    stamps = dict(StandardRecord.objects.values_list("pk", "standardized_at"))
    assert stamps == {first: NOW, second: later}
    assert standardized_values(ids=ids) == {first: {"title": "Acme"}, second: {"title": "Bolt Ltd"}}


def test_values_that_are_none_are_not_handed_on() -> None:
    [key] = land("1")
    store([key], {"title": "Acme", "net": "NaN"})
    assert standardized_values(ids=[key]) == {key: {"title": "Acme"}}
    assert stored_records(ids=[key])[key].values == {"title": "Acme", "net": None}
    assert isinstance(stored_records(ids=[key])[key], StoredRecord)
    assert standardized_values(ids=[]) == {}
    assert standardized_values(ids=[uuid7()]) == {}


def test_hostile_text_can_be_stored() -> None:
    [key] = land("1")
    store(
        [key],
        {"title": "Ac\0me \ud800\u202eLtd", "email": "\ud800\0", "net": 10**400, "lines": [{"net": "\0"}]},
    )
    assert standardized_values(ids=[key])[key]["title"] == "Acme Ltd"


def statements(ids: list[UUID]) -> int:
    """Store a record per id and return how many statements the database was sent."""
    with counted_statements() as sent:
        assert len(store(ids, *({"title": f"Firm {key}"[:20]} for key in ids))) == len(ids)
    return len(sent)


def test_the_number_of_statements_does_not_grow() -> None:
    statements(land("warm up: the first use makes the staging table"))
    few = statements(land("first"))
    assert statements(land(*map(str, range(500)))) == few
    assert 0 < few <= 4
    assert StandardRecord.objects.count() == 502


def test_nothing_to_store_writes_nothing() -> None:
    assert store_standardized(entity="toy", records=[], now=NOW) == set()


def test_a_score_above_100_is_refused() -> None:
    [key] = land("1")
    with pytest.raises(Exception, match="standard_record_score_at_most_100"):
        store_standardized(entity="toy", records=[(key, StandardizedRecord({}, (), 101))], now=NOW)


def test_scorecards_count_live_records_by_system_and_attribute() -> None:
    bad = {
        "title": "Acme",
        "email": "ann@acme.com",
        "lines": [{"number": 1, "net": "x"}, {"number": 2, "net": "y"}],
    }
    good = {"title": "Bolt", "email": "bob@bolt.com"}
    store(land("1", "2"), bad, good)
    store(land("3", system="crm"), bad)
    store(land("4", system="hris", deleted=True), bad)

    wanted = [count for count in issue_counts(entity="toy") if count.severity != "info"]
    assert wanted == [
        IssueCount("crm", "toy", "lines.net", "money.format", "downgrade", 1),
        IssueCount("erp", "toy", "lines.net", "money.format", "downgrade", 1),
    ]
    assert {count.system for count in issue_counts(system="crm")} == {"crm"}
    assert issue_counts(entity="other") == []
    assert score_bands() == [
        ScoreBand("crm", "toy", 80, 1),
        ScoreBand("erp", "toy", 80, 1),
        ScoreBand("erp", "toy", 100, 1),
    ]
    assert score_bands(system="crm") == [ScoreBand("crm", "toy", 80, 1)]


def test_a_deleted_source_record_takes_its_standard_form_along() -> None:
    [key] = land("1")
    store([key], {"title": "Acme"})
    SourceRecord.objects.filter(pk=key).delete()
    assert not StandardRecord.objects.exists()
