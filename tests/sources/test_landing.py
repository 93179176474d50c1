"""Landing: unchanged is free, absent is not null is not deleted, older never overwrites newer, nothing is lost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.errors import Conflict
from apps.sources.models import Contribution, RejectedRow, SourceRecord
from apps.sources.services import dismiss_rejected_row, land_posted, replay_rejected_rows
from apps.sources.services.loads import TooManyRecords
from tests.hub import NOW, account, land, only, seed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def record(key: str) -> SourceRecord:
    return SourceRecord.objects.get(key=key)


def test_new_rows_are_kept_raw_and_mapped() -> None:
    landed = land("salesforce.accounts", account("A1", "Acme Ltd", Website="acme.example", Unknown__c="kept"))
    assert (landed.counts.rows, landed.counts.new, landed.counts.rejected) == (1, 1, 0)
    assert record("A1").raw["Unknown__c"] == "kept"
    assert record("A1").values["domain"] == "acme.example"
    assert record("A1").pending_since == NOW


def test_unchanged_rows_write_nothing() -> None:
    rows = [account(f"A{n}", f"Acme {n}") for n in range(20)]
    land("salesforce.accounts", *rows)
    history = SourceRecord.history.count()
    landed = land("salesforce.accounts", *rows)
    assert (landed.counts.unchanged, landed.counts.new, landed.counts.changed) == (20, 0, 0)
    assert SourceRecord.history.count() == history


def test_number_of_statements_does_not_grow_with_the_batch() -> None:
    def statements(count: int, prefix: str) -> int:
        rows = [account(f"{prefix}{n}", f"Acme {prefix} {n}") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            land("salesforce.accounts", *rows)
        return len(queries)

    assert statements(2, "few") == statements(300, "many")


def test_full_row_clears_what_it_leaves_empty_and_patch_does_not() -> None:
    land("salesforce.accounts", account("A1", "Acme", Phone="+44 20 7946 0000", Website="acme.example"))
    land("salesforce.accounts", {"Id": "A1", "Website": "acme.org"}, mode="patch")
    assert record("A1").values["legal_name"] == "Acme"
    assert record("A1").values["phone"] == "+44 20 7946 0000"
    assert record("A1").values["domain"] == "acme.org"
    land("salesforce.accounts", account("A1", "Acme", Phone=""))
    assert "phone" not in record("A1").values
    assert "domain" not in record("A1").values
    assert record("A1").deleted is False


def test_older_version_never_overwrites_a_newer_one() -> None:
    land("salesforce.accounts", account("A1", "New name", SystemModstamp="2026-02-01T00:00:00Z"))
    landed = land(
        "salesforce.accounts", account("A1", "Old name", SystemModstamp="2025-12-01T10:00:00+02:00")
    )
    assert (landed.counts.stale, landed.counts.changed) == (1, 0)
    assert record("A1").values["legal_name"] == "New name"


def test_same_key_twice_in_one_batch() -> None:
    same = account("A1", "Acme")
    landed = land("salesforce.accounts", same, same, account("A1", "Other"), account("A2", "Bolt"))
    assert landed.counts.new == 2
    assert record("A1").values["legal_name"] == "Acme"
    rejected = only(RejectedRow.objects.all())
    assert (rejected.row_number, rejected.code) == (3, "same_key_twice")
    assert "Row 1" in rejected.reason


def test_newer_row_of_one_batch_wins() -> None:
    newer = account("A1", "Newer", SystemModstamp="2026-02-01T00:00:00Z")
    land("salesforce.accounts", account("A1", "Older"), newer)
    assert record("A1").values["legal_name"] == "Newer"
    assert RejectedRow.objects.count() == 0


def opportunity(key: str, **fields: object) -> dict[str, object]:
    return {
        "Id": key, "Name": "Roll-out", "AccountId": "A1", "Amount": "1000", "CurrencyIsoCode": "EUR", "IsWon": True,
        "StageName": "Closed Won", "LastModifiedDate": "2026-01-05T00:00:00Z", **fields,
    }  # fmt: skip


def test_bad_row_is_kept_corrected_and_replayed() -> None:
    landed = land(
        "salesforce.opportunities",
        opportunity("O1"),
        opportunity("O2", Amount="12 bananas"),
        opportunity("O3"),
    )
    assert (landed.counts.new, landed.counts.rejected) == (2, 1)
    rejected = only(RejectedRow.objects.all())
    assert (rejected.row_number, rejected.column, rejected.code) == (2, "Amount", "bad_value")
    assert rejected.raw["Amount"] == "12 bananas"

    still_bad = replay_rejected_rows(row_ids=[rejected.pk], now=NOW)
    assert still_bad.counts.rejected == 1
    again = RejectedRow.objects.get(status="open")
    replayed = replay_rejected_rows(
        row_ids=[again.pk], corrected={again.pk: {**again.raw, "Amount": "12"}}, now=NOW
    )
    assert (replayed.counts.new, replayed.counts.rejected) == (1, 0)
    assert record("O2").values["base_value"] in ("12", "12.00")
    assert not RejectedRow.objects.filter(status="open").exists()
    with pytest.raises(Conflict):
        replay_rejected_rows(row_ids=[again.pk], now=NOW)


def test_dismissed_row_stays_readable() -> None:
    land("salesforce.opportunities", opportunity("", Name="no key"))
    row = only(RejectedRow.objects.all())
    dismiss_rejected_row(row_id=row.pk, now=NOW)
    row.refresh_from_db()
    assert (row.status, row.raw["Name"]) == ("dismissed", "no key")


def test_nul_in_a_posted_record_is_rejected_and_the_rest_goes_on() -> None:
    landed = land("salesforce.accounts", account("A1", "Ac\x00me"), account("A2", "Bolt"))
    assert (landed.counts.new, landed.counts.rejected) == (1, 1)
    assert only(RejectedRow.objects.all()).code == "nul_character"


def test_contributions_unite_whatever_the_order_of_files() -> None:
    contact = {"Id": "C1", "AccountId": "A1", "Role": "Billing", "Email": "b@acme.example", "LastName": "Bay"}
    other = {"Id": "C2", "AccountId": "A1", "Role": "Billing", "Email": "c@acme.example", "LastName": "Cay"}
    land("salesforce.contacts", contact)
    assert record("A1").complete is False
    assert record("A1").pending_since is None
    land("salesforce.accounts", account("A1", "Acme"))
    land("salesforce.contacts", other)
    contacts = record("A1").values["contacts"]
    assert sorted(item["email"] for item in contacts) == ["b@acme.example", "c@acme.example"]
    land("salesforce.accounts", account("A1", "Acme Ltd", SystemModstamp="2026-01-09T00:00:00Z"))
    assert len(record("A1").values["contacts"]) == 2
    assert Contribution.objects.count() == 2


def test_at_most_ten_thousand_records_a_post() -> None:
    with pytest.raises(TooManyRecords):
        land_posted(
            layout_name="salesforce.accounts", records=[{}] * 10_001, mode="full", origin="x", now=NOW
        )
    assert SourceRecord.objects.count() == 0


def test_patch_without_a_tax_number_leaves_the_tax_numbers_alone() -> None:
    land("salesforce.accounts", account("A1", "Acme", VAT__c="GB980780684", Tax_Country__c="GB"))
    before = record("A1").values["tax_ids"]
    land("salesforce.accounts", {"Id": "A1", "Website": "acme.org"}, mode="patch")
    assert record("A1").values["tax_ids"] == before


def contact_row(phone: str, day: int) -> dict[str, str]:
    return {
        "Id": "C1", "AccountId": "A1", "Role": "Billing", "FirstName": "Jane", "LastName": "Roe",
        "Email": "jane@acme.example", "Phone": phone, "SystemModstamp": f"2026-02-{day:02}T00:00:00Z",
    }  # fmt: skip


def test_an_older_contribution_never_overwrites_a_newer_item() -> None:
    """Whatever the order in which the rows arrive, also within one batch; other items stay open to their own rows."""
    orders = ((3, 2), (2, 3))
    for key, days in zip(("A1", "A2"), orders, strict=True):
        for day in days:
            land("salesforce.contacts", {**contact_row(f"+44 20 7946 000{day}", day), "AccountId": key})
    both = [{**contact_row(f"+44 20 7946 000{day}", day), "AccountId": "A3"} for day in (3, 2)]
    land("salesforce.contacts", *both)
    other = {**contact_row("1", 1), "AccountId": "A3", "Email": "other@acme.example"}
    land("salesforce.contacts", other)
    for key in ("A1", "A2", "A3"):
        contacts = SourceRecord.objects.get(key=key).values["contacts"]
        assert contacts[0]["phone"] == "+44 20 7946 0003", key
    assert len(SourceRecord.objects.get(key="A3").values["contacts"]) == 2
