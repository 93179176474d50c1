"""Deltas carry later times, repeat nothing by accident, and say what changed."""

from collections import Counter

from mdm.demo import Manifest
from mdm.demo.changes import STAMPS
from mdm.demo.second_wave import DELTA_FILES
from tests.demo.reading import keys, read

KINDS = {
    "address_changed", "change_order_approved", "closed_won", "cost_centre_moved", "credit_limit_raised", "leaves",
    "married_name", "milestone_approved", "new_customer", "new_duplicate", "new_invoice", "older_version", "paid",
    "phone_changed", "project_completed", "put_on_hold", "renamed", "sent_again_unchanged", "status_changed",
    "tax_id_added",
}  # fmt: skip


def _key(row: dict[str, str]) -> str:
    return str(next(iter(row[name] for name in ("Id", "id", "Employee_ID") if name in row)))


def test_every_kind_of_change_occurs(deltas: Manifest) -> None:
    assert set(deltas.counts) == KINDS
    assert deltas.wave == 2


def test_each_row_is_in_the_list_of_changes(deltas: Manifest) -> None:
    listed = Counter((row["file"], row["key"]) for row in read(deltas.folder, "truth/changes.csv"))
    found = Counter((name, _key(row)) for name in DELTA_FILES for row in read(deltas.folder, name))
    assert listed == found
    assert max(found.values()) == 1


def test_times_of_change(manifest: Manifest, deltas: Manifest) -> None:
    kinds = {(row["file"], row["key"]): row["change"] for row in read(deltas.folder, "truth/changes.csv")}
    for name in DELTA_FILES:
        before = {_key(row): row for row in read(manifest.folder, name)}
        for row in read(deltas.folder, name):
            kind, stamp = kinds[name, _key(row)], row[STAMPS[name]]
            if kind == "sent_again_unchanged":
                assert row == before[_key(row)]
            elif kind == "older_version":
                assert stamp < before[_key(row)][STAMPS[name]]
            else:
                assert "2026-11-01" < stamp < "2026-11-15", (name, kind)


def test_a_change_touches_only_what_it_says(manifest: Manifest, deltas: Manifest) -> None:
    kinds = {(row["file"], row["key"]): row["change"] for row in read(deltas.folder, "truth/changes.csv")}
    touched: dict[str, set[str]] = {}
    for name in DELTA_FILES:
        before = {_key(row): row for row in read(manifest.folder, name)}
        for row in read(deltas.folder, name):
            old, kind = before.get(_key(row)), kinds[name, _key(row)]
            if old is not None:
                touched.setdefault(kind, set()).update(column for column in row if row[column] != old[column])
    assert touched["phone_changed"] == {"Phone", "SystemModstamp"}
    assert touched["tax_id_added"] == {"VAT__c", "Tax_Country__c", "SystemModstamp"}
    assert touched["renamed"] == {"companyName", "lastModifiedDate"}
    assert touched["leaves"] == {"Termination_Date", "Worker_Status", "Last_Modified"}
    assert touched["sent_again_unchanged"] == set()
    assert "new_customer" not in touched
    assert "new_invoice" not in touched


def test_new_records_are_in_the_crosswalk(manifest: Manifest, deltas: Manifest) -> None:
    new = {(row["system"], row["key"]) for row in read(deltas.folder, "truth/crosswalk.csv")}
    old = {(row["system"], row["key"]) for row in read(manifest.folder, "truth/crosswalk.csv")}
    assert new & old == set()
    changes = read(deltas.folder, "truth/changes.csv")
    for kind in ("new_duplicate", "new_invoice", "closed_won"):
        assert {row["key"] for row in changes if row["change"] == kind} <= {key for _, key in new}, kind


def test_paid_invoices_have_no_balance(deltas: Manifest) -> None:
    changes = read(deltas.folder, "truth/changes.csv")
    paid = {row["key"] for row in changes if row["change"] == "paid"}
    rows = [row for row in read(deltas.folder, "netsuite/invoices.ndjson") if row["id"] in paid]
    assert len(rows) == deltas.counts["paid"] == len(paid)
    assert {row["amountRemaining"] for row in rows} == {0}
    assert all(row["amountPaid"] == row["total"] for row in rows)


def test_new_customers_share_nothing_with_old_ones(manifest: Manifest, deltas: Manifest) -> None:
    changes = read(deltas.folder, "truth/changes.csv")
    fresh = {row["true_id"] for row in changes if row["change"] == "new_customer"}
    assert len(fresh) == 6
    new = [row for row in read(deltas.folder, "truth/customers.csv") if row["true_id"] in fresh]
    old = read(manifest.folder, "truth/customers.csv")
    for column in ("true_id", "domain", "tax_id"):
        assert keys(new, column) & keys(old, column) == set(), column
