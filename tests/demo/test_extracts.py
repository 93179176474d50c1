"""Extracts hold what the manifest says: counts, keys, references, columns, shares of disagreement."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from mdm.demo import FILES, Firm, Manifest
from mdm.demo.cells import COLUMNS
from tests.demo.reading import keys, read

EXPECTED_COUNTS = {
    "customer": 300,
    "engagement": 258,
    "invoice": 954,
    "opportunity": 81,
    "project": 360,
    "resource": 115,
}
EXPECTED_ROWS = {
    "netsuite/subsidiaries.json": 8,
    "workday/workers.xlsx": 118,
    "certinia/resources.csv": 97,
    "certinia/rates.csv": 348,
    "salesforce/accounts.csv": 293,
    "salesforce/contacts.csv": 498,
    "netsuite/customers.json": 229,
    "salesforce/opportunities.ndjson": 311,
    "netsuite/sales_orders.ndjson": 258,
    "netsuite/jobs.csv": 354,
    "netsuite/invoices.ndjson": 959,
    "certinia/accounts.csv": 164,
    "certinia/projects.csv": 362,
    "certinia/milestones.csv": 545,
    "certinia/assignments.csv": 628,
}
KEY = {
    ("salesforce", "customer"): ("salesforce/accounts.csv", "Id"),
    ("netsuite", "customer"): ("netsuite/customers.json", "id"),
    ("certinia", "customer"): ("certinia/accounts.csv", "Id"),
    ("salesforce", "engagement"): ("salesforce/opportunities.ndjson", "Id"),
    ("netsuite", "engagement"): ("netsuite/sales_orders.ndjson", "id"),
    ("netsuite", "project"): ("netsuite/jobs.csv", "id"),
    ("certinia", "project"): ("certinia/projects.csv", "Id"),
    ("netsuite", "invoice"): ("netsuite/invoices.ndjson", "id"),
    ("workday", "resource"): ("workday/workers.xlsx", "Employee_ID"),
    ("certinia", "resource"): ("certinia/resources.csv", "Id"),
}
# (file, column) -> (file, column) it refers to
REFERENCES = [
    ("salesforce/accounts.csv", "ParentId", "salesforce/accounts.csv", "Id"),
    ("salesforce/contacts.csv", "AccountId", "salesforce/accounts.csv", "Id"),
    ("salesforce/opportunities.ndjson", "AccountId", "salesforce/accounts.csv", "Id"),
    ("salesforce/opportunities.ndjson", "Partner__c", "workday/workers.xlsx", "Employee_ID"),
    ("netsuite/customers.json", "parent", "netsuite/customers.json", "id"),
    ("netsuite/customers.json", "externalId", "salesforce/accounts.csv", "Id"),
    ("netsuite/sales_orders.ndjson", "entity", "netsuite/customers.json", "id"),
    ("netsuite/sales_orders.ndjson", "externalId", "salesforce/opportunities.ndjson", "Id"),
    ("netsuite/jobs.csv", "parent_id", "netsuite/customers.json", "id"),
    ("netsuite/jobs.csv", "salesOrder_id", "netsuite/sales_orders.ndjson", "id"),
    ("netsuite/jobs.csv", "projectManager", "workday/workers.xlsx", "Employee_ID"),
    ("netsuite/jobs.csv", "externalId", "certinia/projects.csv", "Id"),
    ("netsuite/jobs.csv", "parentJob_id", "netsuite/jobs.csv", "id"),
    ("netsuite/invoices.ndjson", "entity", "netsuite/customers.json", "id"),
    ("netsuite/invoices.ndjson", "createdFrom", "netsuite/sales_orders.ndjson", "id"),
    ("netsuite/invoices.ndjson", "creditOf", "netsuite/invoices.ndjson", "id"),
    ("certinia/projects.csv", "pse__Account__c", "certinia/accounts.csv", "Id"),
    ("certinia/projects.csv", "pse__Opportunity__c", "salesforce/opportunities.ndjson", "Id"),
    ("certinia/projects.csv", "pse__Parent_Project__c", "certinia/projects.csv", "Id"),
    ("certinia/projects.csv", "pse__Project_Manager__c", "certinia/resources.csv", "Id"),
    ("certinia/milestones.csv", "pse__Project__c", "certinia/projects.csv", "Id"),
    ("certinia/rates.csv", "pse__Resource__c", "certinia/resources.csv", "Id"),
    ("certinia/resources.csv", "HR_Employee_ID__c", "workday/workers.xlsx", "Employee_ID"),
    ("certinia/assignments.csv", "pse__Resource__c", "certinia/resources.csv", "Id"),
    ("certinia/assignments.csv", "pse__Project__c", "certinia/projects.csv", "Id"),
    ("workday/workers.xlsx", "Manager_Employee_ID", "workday/workers.xlsx", "Employee_ID"),
    ("workday/workers.xlsx", "Previous_Employee_ID", "workday/workers.xlsx", "Employee_ID"),
]


def test_the_manifest_describes_the_files(manifest: Manifest, folder: Path) -> None:
    assert tuple(name for name in manifest.files if not name.startswith("truth/")) == FILES
    for name, facts in manifest.files.items():
        assert len(read(folder, name)) == facts.rows, name
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == facts.sha256, name
    saved = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert saved["counts"] == manifest.counts
    assert saved["files"]["salesforce/accounts.csv"]["rows"] == manifest.files["salesforce/accounts.csv"].rows


def test_exact_counts_of_the_default_firm(firm: Firm, manifest: Manifest) -> None:
    assert manifest.counts == EXPECTED_COUNTS
    assert {name: manifest.files[name].rows for name in FILES} == EXPECTED_ROWS
    assert len(list(firm.iter_customers())) == 300


def test_csv_headers_are_the_declared_columns(folder: Path) -> None:
    for name in FILES:
        if name.endswith((".csv", ".xlsx")):
            assert tuple(read(folder, name)[0]) == COLUMNS[name], name


def test_the_readme_lists_every_column() -> None:
    text = (Path(__file__).parents[2] / "mdm/demo/README.md").read_text(encoding="utf-8")
    words = set(text.replace(",", " ").replace("(", " ").replace(")", " ").replace(".", " ").split())
    assert [column for name in COLUMNS for column in COLUMNS[name] if column not in words] == []


def test_the_crosswalk_knows_every_good_record_once(manifest: Manifest, folder: Path) -> None:
    planted = {(row.file, row.key) for row in (*manifest.bad_rows, *manifest.dangling)}
    rows = read(folder, "truth/crosswalk.csv")
    known = Counter((row["system"], row["entity"], row["key"]) for row in rows)
    assert max(known.values()) == 1
    for (system, entity), (file, column) in KEY.items():
        mapped = {row["key"] for row in rows if (row["system"], row["entity"]) == (system, entity)}
        found = {key for key in keys(read(folder, file), column) if (file, key) not in planted}
        if file == "salesforce/opportunities.ndjson":  # only won ones are engagements
            won = {row["Id"] for row in read(folder, file) if row["IsWon"]}
            found &= won
        assert mapped == found, (system, entity)


@pytest.mark.parametrize(("file", "column", "target", "key"), REFERENCES)
def test_references_lead_somewhere(
    manifest: Manifest, folder: Path, file: str, column: str, target: str, key: str
) -> None:
    values = [row[column] for row in read(folder, file)]
    used = {str(value["id"]) if isinstance(value, dict) else str(value) for value in values if value}
    loose = {row.target for row in manifest.dangling if (row.file, row.column) == (file, column)}
    assert used
    assert used - keys(read(folder, target), key) == loose


def test_invoice_lines_name_jobs_and_milestones(manifest: Manifest, folder: Path) -> None:
    lines = [line for row in read(folder, "netsuite/invoices.ndjson") for line in row["item"]["items"]]
    jobs = {line["job"]["id"] for line in lines} - keys(read(folder, "netsuite/jobs.csv"), "id")
    assert jobs == {row.target for row in manifest.dangling if row.column.startswith("item")}
    billed = {line["custcol_milestone"] for line in lines if line["custcol_milestone"]}
    assert billed
    assert billed <= keys(read(folder, "certinia/milestones.csv"), "Id")


def test_duplicates_come_in_the_planned_share(manifest: Manifest) -> None:
    records = manifest.records
    originals = records["salesforce.customer"] - records["salesforce.customer.duplicates"]
    assert 0.05 <= records["salesforce.customer.duplicates"] / originals <= 0.08
    originals = records["netsuite.customer"] - records["netsuite.customer.duplicates"]
    assert 0.01 <= records["netsuite.customer.duplicates"] / originals <= 0.04


def test_systems_disagree_in_the_planned_shares(manifest: Manifest, folder: Path) -> None:
    rows = read(folder, "truth/disagreements.csv")
    counted = Counter(f"{row['entity']}.{row['attribute']}.{row['kind']}" for row in rows)
    assert dict(counted) == manifest.disagreements
    names = Counter(
        row["system"] for row in rows if (row["entity"], row["attribute"]) == ("customer", "legal_name")
    )
    for system, low, high in (("salesforce", 0.50, 0.70), ("netsuite", 0.60, 0.80), ("certinia", 0.55, 0.75)):
        assert low <= names[system] / manifest.records[f"{system}.customer"] <= high, system
    no_contract = counted["engagement.contract_no.missing"] / manifest.records["salesforce.engagement"]
    assert 0.02 <= no_contract <= 0.09
    for kind in (
        "engagement.base_value.other_price",
        "engagement.start.other_date",
        "project.end.other_date",
    ):
        assert counted[kind] >= 3, kind


def test_disagreements_show_what_the_system_says(folder: Path) -> None:
    names = {
        "salesforce": {row["Id"]: row["Name"] for row in read(folder, "salesforce/accounts.csv")},
        "netsuite": {row["id"]: row["companyName"] for row in read(folder, "netsuite/customers.json")},
        "certinia": {row["Id"]: row["Name"] for row in read(folder, "certinia/accounts.csv")},
    }
    truth = {row["true_id"]: row["legal_name"] for row in read(folder, "truth/customers.csv")}
    seen = 0
    for row in read(folder, "truth/disagreements.csv"):
        if (row["entity"], row["attribute"]) == ("customer", "legal_name"):
            assert names[row["system"]][row["key"]] == row["value"][:83]
            assert truth[row["true_id"]] == row["true_value"] != row["value"]
            seen += 1
    assert seen > 300


def test_contact_addresses_are_in_the_customers_domain(folder: Path) -> None:
    hosts = {
        row["Email"].rpartition("@")[2]
        for row in read(folder, "salesforce/contacts.csv")
        if "@" in row["Email"]
    }
    domains = {row["domain"] for row in read(folder, "truth/customers.csv")}
    assert hosts <= domains
    assert all(domain.endswith(".example") for domain in domains)
