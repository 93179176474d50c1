"""The same size, seed and noise give the same bytes, in every process and in every selection of files."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mdm.demo import Firm, Manifest, generate, second_wave, write_extracts

SCRIPT = """
import sys
from pathlib import Path
from mdm.demo import generate, second_wave, write_extracts
firm = generate(60, 5)
write_extracts(firm, Path(sys.argv[1]) / "a")
second_wave(firm, Path(sys.argv[1]) / "b")
"""


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_bytes_are_the_same_in_another_process(tmp_path: Path) -> None:
    folders = []
    for hash_seed in ("1", "2"):
        target = tmp_path / hash_seed
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo" if hash_seed == "2" else "UTC"}
        subprocess.run([sys.executable, "-c", SCRIPT, str(target)], check=True, env=env)
        folders.append(_bytes(target))
    assert len(folders[0]) == 19 + 14
    assert folders[0] == folders[1]


def test_the_clock_leaves_no_trace(tmp_path: Path) -> None:
    first = write_extracts(20, tmp_path / "a", only=["workday/workers.xlsx"])
    time.sleep(2.1)  # zip entries count two-second steps
    second = write_extracts(20, tmp_path / "b", only=["workday/workers.xlsx"])
    assert first.files == second.files


def test_another_seed_gives_another_firm(firm: Firm, manifest: Manifest, tmp_path: Path) -> None:
    other = write_extracts(300, tmp_path, seed=8)
    same = [name for name, facts in manifest.files.items() if other.files[name] == facts]
    assert same == ["netsuite/subsidiaries.json"]


def test_a_selection_has_the_same_bytes_as_the_whole(manifest: Manifest, tmp_path: Path) -> None:
    part = write_extracts(300, tmp_path, only={"netsuite/customers.json", "salesforce/accounts.csv"})
    assert sorted(name for name in part.files if not name.startswith("truth/")) == [
        "netsuite/customers.json",
        "salesforce/accounts.csv",
    ]
    assert part.files["salesforce/accounts.csv"] == manifest.files["salesforce/accounts.csv"]
    assert part.files["netsuite/customers.json"] == manifest.files["netsuite/customers.json"]


def test_an_unknown_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no such extract: salesforce/leads\.csv"):
        write_extracts(5, tmp_path, only=["salesforce/leads.csv"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", [{"size": 0}, {"seed": -1}, {"noise": -1}])
def test_impossible_sizes_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate(**wrong)


def test_the_smallest_firm_works(tmp_path: Path) -> None:
    manifest = write_extracts(1, tmp_path / "a")
    assert manifest.counts["customer"] == 1
    assert second_wave(generate(1), tmp_path / "b").wave == 2


def test_another_seed_changes_other_things(firm: Firm, deltas: Manifest, tmp_path: Path) -> None:
    other = second_wave(firm, tmp_path, seed=99)
    assert other.files["truth/changes.csv"] != deltas.files["truth/changes.csv"]
