"""Bad rows stand where the manifest says, as often as asked, and every other value is sound."""

from collections import Counter
from pathlib import Path

from stdnum.us import ein
from stdnum.util import get_cc_module

from mdm.demo import FILES, BadRow, Dangling, Firm, Manifest, write_extracts
from mdm.demo.bad_rows import CUSTOMER_FAULTS, LOOSE_ENDS, WORK_FAULTS, WORKER_FAULTS
from tests.demo.reading import read


def _value(folder: str, planted: BadRow | Dangling) -> str:
    row = read(folder, planted.file)[planted.row - 1]
    value = row["item"]["items"][0]["job"] if planted.column.startswith("item") else row[planted.column]
    value = value["id"] if isinstance(value, dict) else value
    return "" if value is None else str(value)


def test_each_bad_row_stands_where_the_manifest_says(manifest: Manifest) -> None:
    for row in manifest.bad_rows:
        assert _value(manifest.folder, row) == row.value, row
    for loose in manifest.dangling:
        assert _value(manifest.folder, loose) == loose.target, loose


def test_every_kind_is_planted_once(manifest: Manifest) -> None:
    faults = [(file, column) for file, column, *_ in (*CUSTOMER_FAULTS, *WORKER_FAULTS, *WORK_FAULTS)]
    again = [("netsuite/invoices.ndjson", "id")]  # the first of the two rows with the same key
    planted = Counter((row.file, row.column) for row in manifest.bad_rows)
    assert planted == Counter([*faults, *again])
    assert [(row.file, row.column) for row in manifest.dangling] == list(LOOSE_ENDS)
    assert {row.expect for row in manifest.bad_rows} == {"error", "issue"}


def test_keys_of_bad_rows_are_their_own(manifest: Manifest) -> None:
    known = {(row["system"], row["key"]) for row in read(manifest.folder, "truth/crosswalk.csv")}
    for row in (*manifest.bad_rows, *manifest.dangling):
        assert (row.file.split("/")[0], row.key) not in known, row
    keys = Counter((row.file, row.key) for row in (*manifest.bad_rows, *manifest.dangling))
    assert [key for key, times in keys.items() if times > 1] == [
        ("netsuite/invoices.ndjson", row.key)
        for row in manifest.bad_rows
        if row.reason == "the same key twice"
    ][:1]


def test_noise_nought_plants_nothing_and_leaves_the_rest_alone(
    firm: Firm, manifest: Manifest, tmp_path: Path
) -> None:
    clean = write_extracts(firm.size, tmp_path, seed=firm.seed, noise=0)
    assert (clean.bad_rows, clean.dangling) == ([], [])
    planted = Counter(row.file for row in (*manifest.bad_rows, *manifest.dangling))
    for name in FILES:
        assert clean.files[name].rows == manifest.files[name].rows - planted[name], name
        assert read(tmp_path, name) == read(manifest.folder, name)[: clean.files[name].rows], name


def test_noise_three_plants_each_kind_three_times(manifest: Manifest, tmp_path: Path) -> None:
    noisy = write_extracts(300, tmp_path, noise=3)
    assert len(noisy.bad_rows) == 3 * len(manifest.bad_rows)
    assert len(noisy.dangling) == 9
    assert len({(row.file, row.row) for row in (*noisy.bad_rows, *noisy.dangling)}) == 3 * len(
        (*manifest.bad_rows, *manifest.dangling)
    )


def test_tax_ids_are_valid_where_not_planted(manifest: Manifest) -> None:
    wrong = {
        (row["system"], row["key"])
        for row in read(manifest.folder, "truth/disagreements.csv")
        if row["kind"] == "bad_check_digit"
    }
    bad = {row.key for row in manifest.bad_rows if row.column == "VAT__c"}
    countries = {row["true_id"]: row["country"] for row in read(manifest.folder, "truth/customers.csv")}
    owner = {row["key"]: row["true_id"] for row in read(manifest.folder, "truth/crosswalk.csv")}
    checked = 0
    for system, file, key, column in (
        ("salesforce", "salesforce/accounts.csv", "Id", "VAT__c"),
        ("netsuite", "netsuite/customers.json", "id", "vatRegNumber"),
    ):
        for row in read(manifest.folder, file):
            if row[column] and row[key] in owner and row[key] not in bad:
                country = countries[owner[row[key]]]
                check = ein if country == "US" else get_cc_module(country.lower(), "vat")
                assert check.is_valid(row[column]) == ((system, row[key]) not in wrong), row[column]
                checked += 1
    assert checked > 300
