"""Rows that no column can hold, patches of deleted records, loads that break: each costs itself and nothing else."""

import json
from pathlib import Path

import pytest

from apps.sources.landing import source_record_id
from apps.sources.models import Load, RejectedRow, SourceRecord
from apps.sources.services import LoadFailed, land_extract, quarantine_pending, replay_rejected_rows
from tests.hub import NOW, land, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"Id": "A" * 201, "Name": "X"}, "key_too_long"),
        ({"Id": "A2", "Name": "X", "SystemModstamp": "v" * 65}, "version_too_long"),
        ({"Id": "A3", "Name": "X", "ParentId": "p" * 201}, "reference_too_long"),
    ],
)
def test_what_no_column_can_hold_costs_its_own_row(row: dict[str, object], code: str) -> None:
    landed = land("salesforce.accounts", row, {"Id": "good", "Name": "Good Ltd"})
    assert (landed.counts.new, landed.counts.rejected) == (1, 1)
    assert only(RejectedRow.objects.all()).code == code
    assert only(SourceRecord.objects.all()).key == "good"


def test_number_beyond_64_bits_is_kept_as_text(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps([{"Id": "B1", "Name": "X", "Unknown": 10**30}, {"Id": "B2", "Name": "Y"}]))
    assert [
        landed.counts.new for _, landed in land_extract(path=path, layout_name="salesforce.accounts")
    ] == [2]
    assert SourceRecord.objects.get(key="B1").raw["Unknown"] == "1" + "0" * 30


def test_unknown_encoding_is_said_before_a_load_begins(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("Id,Name\nB1,X\n")
    with pytest.raises(LoadFailed, match="klingon"):
        list(land_extract(path=path, layout_name="salesforce.accounts", encoding="klingon"))
    assert not Load.objects.exists()


def test_load_that_is_left_half_way_does_not_run_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text("Id,Name\nB1,X\nB2,Y\n")
    landing = land_extract(path=path, layout_name="salesforce.accounts", batch=1)
    next(landing)
    landing.close()
    load = only(Load.objects.all())
    assert (load.status, load.new) == ("failed", 1)


FULL = {"Id": "A1", "Name": "X Ltd", "Phone": "+442079460001"}


def test_full_row_equal_to_the_last_patch_still_speaks_for_all_attributes() -> None:
    land("salesforce.accounts", FULL)
    land("salesforce.accounts", {"Id": "A1", "Name": "X Ltd"}, mode="patch")
    assert only(SourceRecord.objects.all()).values["phone"] == "+442079460001"
    land("salesforce.accounts", {"Id": "A1", "Name": "X Ltd"})
    assert "phone" not in only(SourceRecord.objects.all()).values


def test_patch_that_is_silent_on_deletion_leaves_a_record_deleted() -> None:
    land("salesforce.accounts", {**FULL, "IsDeleted": True})
    land("salesforce.accounts", {"Id": "A1", "Phone": "+442079460002"}, mode="patch")
    assert only(SourceRecord.objects.all()).deleted
    land("salesforce.accounts", {"Id": "A1", "IsDeleted": False}, mode="patch")
    assert not only(SourceRecord.objects.all()).deleted


def test_record_set_aside_by_the_pipeline_is_tried_again_when_replayed() -> None:
    land("salesforce.accounts", FULL)
    record = source_record_id("salesforce", "customer", "A1")
    assert quarantine_pending(source_record_id=record, reason="the hub failed", now=NOW)
    assert not quarantine_pending(source_record_id=record, reason="again", now=NOW)
    row = only(RejectedRow.objects.all())
    assert SourceRecord.objects.get().pending_since is None
    replay_rejected_rows(row_ids=[row.pk], now=NOW)
    assert SourceRecord.objects.get().pending_since == NOW
