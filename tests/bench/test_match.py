"""The match suite: invented customers are the same each time, folders of every form are read, peers are run."""

import argparse
import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mdm.bench import side_by_side
from mdm.bench.customers import COLUMNS, write_customers
from mdm.bench.labelled import config_for, load_set
from mdm.bench.matching import _named_python
from mdm.bench.peers import Peer, find_peers

PEER = """
import json, os, sys
name = sys.argv[1]
if name == "unknown":
    raise SystemExit("no settings for " + name)
rows = open(os.environ["MATCH_DATA"] + name + "/records.csv").read().count("\\n") - 1
print("chatter")
print(json.dumps({"engine": "toy", "dataset": name, "f1": 0.5, "best_f1": 0.75, "clus_pair_f1": 0.25, "cpu": 1.5,
                  "rss_mb": rows}))
"""


def small_set(folder: Path, truth: str = "rid,cid\nr0,a\nr1,a\n") -> Path:
    folder.mkdir(parents=True)
    rows = "r0,Norvan Holdings,Leeds\nr1,Norvan Holding,Leeds\nr2,Teal Foundry,Leeds\n"
    (folder / "records.csv").write_text("rid,name,city\n" + rows)
    (folder / ("pairs.csv" if "rid_a" in truth else "truth.csv")).write_text(truth)
    return folder


def test_invented_customers_are_the_same_each_time(tmp_path: Path) -> None:
    one, two = write_customers(tmp_path / "a", 250), write_customers(tmp_path / "b", 250)
    for name in ("records.csv", "truth.csv", "meta.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    table, meta, truth, side = load_set(one)
    assert (len(table), side, meta["records"]) == (250, None, 250)
    assert list(table.columns) == list(COLUMNS)
    assert 60 < truth.total < 300
    assert (write_customers(tmp_path / "c", 250, seed=8) / "records.csv").read_bytes() != (
        one / "records.csv"
    ).read_bytes()


def test_records_without_a_label_stand_alone_and_meta_may_be_missing(tmp_path: Path) -> None:
    table, meta, truth, _ = load_set(small_set(tmp_path / "firms"))
    assert (truth.total, len(set(truth.labels.tolist())), meta) == (1, 2, {})
    assert table.columns["city"] == ["Leeds"] * 3
    pairs = load_set(small_set(tmp_path / "paired", "rid_a,rid_b\nr1,r0\nr1,gone\n"))[2]
    assert pairs.total == 1


def test_words_for_types_are_understood(tmp_path: Path) -> None:
    folder = small_set(tmp_path / "people")
    (folder / "types.json").write_text('{"name": "name", "city": "Town", "nowhere": "phone"}')
    config = config_for(folder, load_set(folder)[0], {"kind": "person"})
    assert [(a.name, a.type) for a in config.attributes] == [("name", "person_name"), ("city", "city")]


def test_one_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("bench", "match", set=small_set(tmp_path / "firms"))
    [line] = capsys.readouterr().out.splitlines()
    measured = json.loads(line)
    wanted = {"precision", "recall", "f1", "best_f1", "cluster_f1", "b3", "cpu_seconds", "peak_memory_mb"}
    assert wanted | {"pairs_compared"} <= measured.keys()
    assert (measured["set"], measured["records"]) == ("firms", 3)


def test_peers_run_side_by_side_and_the_table_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small_set(tmp_path / "sets/firms")
    small_set(tmp_path / "sets/unknown")
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("toy", "absent"):
        (scripts / f"run_{name}.py").write_text(PEER)
    document = tmp_path / "table.md"
    document.write_text(f"before\n{side_by_side.BEGIN}\nold\n{side_by_side.END}\nafter\n")
    call_command(
        "bench", "match", data=tmp_path / "sets", peers=scripts, table=document,
        peer_env=[("toy", Path(sys.executable))],
    )  # fmt: skip
    words = capsys.readouterr()
    lines = [json.loads(line) for line in words.out.splitlines()]
    assert [(line["set"], line["engine"]) for line in lines] == [
        ("firms", "this hub"), ("firms", "toy"), ("unknown", "this hub"),
    ]  # fmt: skip
    assert lines[1] == {
        "set": "firms", "engine": "toy", "f1": 0.5, "best_f1": 0.75, "cluster_f1": 0.25,
        "cpu_seconds": 1.5, "peak_memory_mb": 3,
    }  # fmt: skip
    assert "absent is not there" in words.err
    assert "toy on unknown: no settings for unknown" in words.err
    text = document.read_text()
    assert (text.startswith("before\n"), text.endswith("after\n"), "old" in text) == (True, True, False)
    assert "| firms | toy |  |  | 0.500 | 0.750 | 0.250 |  | 1.5 | 3 |  |" in text


def test_a_peer_is_found_in_a_folder_of_environments(tmp_path: Path) -> None:
    (tmp_path / "run_toy.py").write_text(PEER)
    python = tmp_path / "environments/peers-toy/bin/python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    told: list[str] = []
    found = find_peers(tmp_path, {}, tmp_path / "environments", told.append)
    assert (found, told) == ([Peer("toy", tmp_path / "run_toy.py", python)], [])
    assert find_peers(tmp_path, {}, None, told.append) == []
    assert told == ["toy is not there (no interpreter), left out", f"no peers in {tmp_path}"]


def test_a_peer_that_takes_too_long_is_left(tmp_path: Path) -> None:
    (tmp_path / "run_slow.py").write_text("import time\ntime.sleep(60)\n")
    peer = Peer("slow", tmp_path / "run_slow.py", Path(sys.executable))
    assert peer.run(small_set(tmp_path / "firms"), 0.2) == "not done after 0.2 s"


def test_what_cannot_be_understood_is_said(tmp_path: Path) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=PYTHON"):
        _named_python("splink")
    (tmp_path / "d.md").write_text("nothing")
    with pytest.raises(ValueError, match="no place for the table"):
        side_by_side.write_table(tmp_path / "d.md", "t")
    with pytest.raises(CommandError, match=r"records\.csv"):
        call_command("bench", "match", set=tmp_path)
