"""The measurement of a labelled folder: its files, its types, and one line of exact figures."""

import csv
import json

import pytest

from mdm.bench.match import load_set, run_set

from .cases import TYPES, companies


def write_set(folder, mode="dedupe", types=None):
    table, labels = companies(120)
    with (folder / "records.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["rid", "src", *TYPES])
        for k, rid in enumerate(table.ids):
            src = int(k > 0 and labels[k] == labels[k - 1]) if mode == "link" else 0
            out.writerow([rid, src, *(table.columns[c][k] or "" for c in TYPES)])
    if mode == "link":
        lines = [("rid_a", "rid_b")]
        lines += [
            (table.ids[k - 1], table.ids[k]) for k in range(1, len(labels)) if labels[k] == labels[k - 1]
        ]
        name = "pairs.csv"
    else:
        lines = [("rid", "cid"), *zip(table.ids, labels.tolist(), strict=True)]
        name = "truth.csv"
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows(lines)
    (folder / "meta.json").write_text(json.dumps({"kind": "org", "mode": mode}))
    if types is not None:
        (folder / "types.json").write_text(json.dumps(types))


def test_a_folder_is_measured_with_inferred_types(tmp_path):
    write_set(tmp_path)
    result = run_set(tmp_path)
    assert result["kind"] == "organisation"
    assert result["records"] == 180
    assert result["precision"] == 1.0
    assert result["recall"] >= 0.95
    assert result["cluster_f1"] >= 0.97
    assert result["best_f1"] >= result["f1"]
    assert result["pairs_compared"] <= 180 * 179 / 2
    assert json.loads(json.dumps(result)) == result


def test_given_types_are_used_in_any_spelling_and_two_sources_are_linked(tmp_path):
    types = {
        "name": "organisation name",
        "city": "City",
        "phone": "phone",
        "domain": "website",
        "tax_id": "tax id",
    }
    write_set(tmp_path, mode="link", types=types)
    result = run_set(tmp_path)
    assert result["blocking_recall"] == 1.0
    assert result["cluster_precision"] == 1.0
    assert result["cluster_recall"] >= 0.9


def test_a_folder_without_truth_is_refused(tmp_path):
    write_set(tmp_path)
    (tmp_path / "truth.csv").unlink()
    with pytest.raises(FileNotFoundError):
        load_set(tmp_path)
