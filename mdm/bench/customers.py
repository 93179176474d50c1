"""Labelled customers of any number, so that growth can be measured without anybody's data."""

import csv
import json
from pathlib import Path

from mdm.demo.benchmark import customers_only

COLUMNS = {
    "name": "legal_name", "street": "line1", "city": "city", "postcode": "postcode", "country": "country",
    "tax_id": "tax_id", "website": "domain", "email": "email", "phone": "phone",
}  # fmt: skip
"""Column of the labelled folder -> column of the invented customers."""


def write_customers(parent: Path, rows: int, seed: int = 7) -> Path:
    """Write a labelled folder of exactly `rows` invented customer records of two systems; return it.

    The same number and seed give the same bytes.
    """
    folder = parent / f"synth_customers_{rows}"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "records.csv").open("w", newline="", encoding="utf-8") as records,
        (folder / "truth.csv").open("w", newline="", encoding="utf-8") as truth,
    ):
        record, label = csv.writer(records), csv.writer(truth)
        record.writerow(["rid", "src", *COLUMNS])
        label.writerow(["rid", "cid"])
        for number, row in enumerate(customers_only(rows, seed)):
            record.writerow([f"c{number}", 0, *(row[name] for name in COLUMNS.values())])
            label.writerow([f"c{number}", row["true_id"]])
    meta = {"name": folder.name, "kind": "organisation", "mode": "dedupe", "records": rows, "seed": seed}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")
    return folder
