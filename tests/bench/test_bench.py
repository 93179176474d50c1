"""The benchmark measures what it says, on few rows: every figure is there and can be true."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from mdm.bench import stages
from mdm.bench.cpu import Cost, cpu_seconds, median_cost, tree_cpu_seconds
from mdm.bench.figures import LANDING_STAGES, MEANINGS, PIPELINE_STAGES, Goal, as_document
from mdm.local.paths import ROOT


@pytest.fixture
def server() -> str:
    """Address of a database that is no benchmark's, on the server of the tests."""
    default = settings.DATABASES["default"]
    login = f"{default['USER']}:{default['PASSWORD']}".rstrip(":")
    place = {"host": default["HOST"] or default["OPTIONS"].get("host", ""), "port": default["PORT"]}
    return f"postgres://{login}@/postgres?" + urlencode(
        {name: value for name, value in place.items() if value}
    )


def run_of_few_rows(server: str, file: Path) -> dict[str, Any]:
    """What a run writes, and the id of its process."""
    command = [sys.executable, str(ROOT / "manage.py"), "bench", "--rows", "200", "--json", str(file)]
    environment = {**os.environ, "DATABASE_URL": server, "DJANGO_SETTINGS_MODULE": "mdm.settings.local"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=ROOT, text=True, **pipes) as child:
        words, complaints = child.communicate()
    assert child.returncode == 0, complaints
    assert "pipeline.growth" in words
    found: dict[str, Any] = json.loads(file.read_text())
    return {**found, "process": child.pid}


def test_a_run_on_few_rows(server: str, tmp_path: Path) -> None:
    """One test, so that test processes that share the work never make the run twice."""
    document = run_of_few_rows(server, tmp_path / "figures.json")
    assert document["figures"].keys() == MEANINGS.keys()
    assert document["goals"].keys() == {name for name, meaning in MEANINGS.items() if meaning.goal}
    assert document["rows"] == 200
    assert document["machine"]["cores"] >= 1
    assert_figures_can_be_true(document["figures"])
    with psycopg.connect(server.replace("postgres://", "postgresql://")) as connection:
        prefix = f"bench_{document['process']}_"
        left = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        assert left.fetchall() == []


def assert_figures_can_be_true(figures: dict[str, float]) -> None:
    assert all(value >= 0 for value in figures.values())
    assert 180 <= figures["landing.rows"] <= 220
    assert 180 <= figures["pipeline.records"] <= 230
    assert 0 < figures["pipeline.golden"] < figures["pipeline.records"]
    assert figures["lookup.records"] >= figures["pipeline.golden"]
    assert 0 < figures["landing.reload.to_first"] < 1
    assert figures["landing.simple_history.cpu_us"] < figures["landing.row_by_row.cpu_us"]
    assert figures["landing.reload.wal_bytes"] < figures["landing.first.wal_bytes"]
    total = figures["pipeline.land.cpu_ms"] + figures["pipeline.master.cpu_ms"]
    assert figures["pipeline.cpu_ms"] == pytest.approx(total)
    for suite, names in (("landing", LANDING_STAGES), ("pipeline", PIPELINE_STAGES)):
        parts = [figures[f"{suite}.share.{stage}"] for stage in names]
        assert sum(parts) == pytest.approx(1, abs=0.15)  # of small runs a clock tick is a large part


def test_every_figure_is_documented() -> None:
    text = (ROOT / "docs/benchmarks.md").read_text()
    assert [name for name in MEANINGS if f"`{name}`" not in text] == []


def test_a_goal_is_met_at_its_value() -> None:
    assert [Goal(">=", 2).met(value) for value in (1.9, 2, 2.1)] == [False, True, True]
    assert [Goal("<=", 2).met(value) for value in (1.9, 2, 2.1)] == [True, True, False]
    goals = as_document({"pipeline.growth": 1.3}, rows=9, postgres="18")["goals"]
    assert goals == {"pipeline.growth": {"goal": "<= 1.2", "met": False}}


def test_the_median_is_one_of_the_measurements() -> None:
    costs = [Cost(app=3), Cost(app=1, postgres=1), Cost(app=9)]
    assert median_cost(costs) is costs[0]
    assert median_cost(costs[:2]) is costs[1]


def test_cpu_time_of_a_process_grows_with_its_work() -> None:
    before = cpu_seconds(os.getpid())
    while cpu_seconds(os.getpid()) < before + 0.05:
        sum(range(10_000))
    assert tree_cpu_seconds(os.getpid()) >= before + 0.05


def test_stages_are_timed_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> int:
        return sum(range(300_000))

    module = SimpleNamespace(work=work)
    monkeypatch.setitem(sys.modules, "a_module_of_stages", module)
    with stages.timed_stages({"work": "a_module_of_stages.work"}, os.getpid()) as costs:
        assert module.work() == work()
    assert module.work is work
    assert costs["work"].app > 0
    assert stages.shares({"work": Cost(app=1)}, Cost(app=3, postgres=1)) == {"work": 0.25, "rest": 0.75}


def test_match_measures_one_folder_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = [
        "Norvan Holdings",
        "Norvan Holding",
        "Arbor Quarry",
        "Arbor Quarrying",
        "Teal Foundry",
        "Pike Mill",
    ]
    folder = tmp_path / "firms"
    folder.mkdir()
    rows = "".join(f"r{number},{name},Leeds\n" for number, name in enumerate(names))
    (folder / "records.csv").write_text("rid,name,city\n" + rows)
    (folder / "truth.csv").write_text("rid,cid\nr0,a\nr1,a\nr2,b\nr3,b\nr4,c\nr5,d\n")
    (folder / "meta.json").write_text('{"kind": "organisation", "mode": "dedupe"}')
    call_command("bench", "match", data=tmp_path)
    [line] = capsys.readouterr().out.splitlines()
    measured = json.loads(line)
    assert (measured["set"], measured["records"]) == ("firms", 6)


@pytest.mark.parametrize(
    ("arguments", "words"), [(["match"], "--set DIR"), (["landing", "--rows", "9"], "at least 100")]
)
def test_what_cannot_be_measured_is_said(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("bench", *arguments)
