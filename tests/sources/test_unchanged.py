"""A file that is loaded again: rows that are as they were landed are neither read nor written."""

from pathlib import Path

import pytest

from apps.sources.contracts import Counts, Row
from apps.sources.models import RejectedRow, SourceRecord
from apps.sources.readers import readers
from apps.sources.services import land_extract
from tests.hub import account, land, seed

pytestmark = pytest.mark.django_db
HEADER = "Id,Name,SystemModstamp"


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed()


def load(path: Path, *lines: str, header: str = HEADER) -> Counts:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    counts = Counts()
    for _, landed in land_extract(path=path, layout_name="salesforce.accounts"):
        counts.add(landed.counts)
    return counts


def name_of(key: str) -> str:
    return str(SourceRecord.objects.get(key=key).values["legal_name"])


def test_what_is_as_it_was_is_counted_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "accounts.csv"
    lines = [f"A{n},Firm {n} Ltd,2026-01-01T00:00:00Z" for n in range(20)]
    assert load(file, *lines) == Counts(rows=20, new=20)
    history, read = SourceRecord.history.count(), []
    original = Row._look
    monkeypatch.setattr(Row, "_look", lambda row: (read.append(row.number), original(row))[1])
    lines[7] = "A7,Firm Seven Ltd,2026-01-02T00:00:00Z"
    assert load(file, *lines) == Counts(rows=20, changed=1, unchanged=19)
    assert set(read) == {9}
    assert SourceRecord.history.count() == history + 1
    assert name_of("A7") == "Firm Seven Ltd"


def test_another_header_gives_the_same_line_another_meaning(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    assert load(file, "A1,Acme Ltd,Leeds", header="Id,Name,BillingCity").new == 1
    counts = load(file, "A1,Acme Ltd,Leeds", header="Id,Name,BillingState")
    assert (counts.unchanged, counts.changed) == (0, 1)


def test_an_older_file_brings_back_what_a_newer_one_changed(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    load(file, "A1,Acme Ltd,", "A2,Bolt Ltd,")
    load(file, "A1,Acme Limited,")
    assert load(file, "A1,Acme Ltd,", "A2,Bolt Ltd,") == Counts(rows=2, changed=1, unchanged=1)
    assert name_of("A1") == "Acme Ltd"


def test_a_patch_in_between_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    load(file, "A1,Acme Ltd,")
    land("salesforce.accounts", {"Id": "A1", "Name": "Patched Ltd"}, mode="patch")
    assert load(file, "A1,Acme Ltd,").changed == 1
    assert name_of("A1") == "Acme Ltd"


def test_two_rows_of_one_key_come_to_the_same_when_they_come_again(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    lines = ("A1,Acme Ltd,", "A2,Bolt Ltd,", "A1,Other Ltd,")
    first = load(file, *lines)
    again = load(file, *lines)
    assert (first.new, first.rejected) == (2, 1)
    assert (again.new, again.changed, again.rejected) == (0, 0, 1)
    assert again.unchanged == 2
    assert name_of("A1") == "Acme Ltd"
    assert [row.code for row in RejectedRow.objects.all()] == ["same_key_twice"] * 2


def test_bad_rows_are_told_each_time(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    for _ in range(2):
        counts = load(file, "A1,Acme Ltd,", "A2,too,many,cells")
        assert counts.rejected == 1


def test_lines_of_json_are_known_by_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "accounts.ndjson"
    path.write_text(
        '{"Id": "A1", "Name": "Acme Ltd"}\n\n{"Id": "A2", "Name": "Bolt Ltd"}\n', encoding="utf-8"
    )
    rows = list(readers.get("ndjson")(path, "utf-8"))
    assert [row.number for row in rows] == [1, 3]
    assert rows[0].mark != rows[1].mark
    assert rows[0].data["Name"] == "Acme Ltd"
    for expected in ((2, 0), (0, 2)):
        counts = Counts()
        for _, landed in land_extract(path=path, layout_name="salesforce.accounts"):
            counts.add(landed.counts)
        assert (counts.new, counts.unchanged) == expected


def test_posted_rows_that_are_there_already_write_nothing() -> None:
    rows = [account(f"A{n}", f"Acme {n} Ltd") for n in range(5)]
    land("salesforce.accounts", *rows)
    history = SourceRecord.history.count()
    counts = land("salesforce.accounts", *rows).counts
    assert (counts.rows, counts.unchanged) == (5, 5)
    assert SourceRecord.history.count() == history
